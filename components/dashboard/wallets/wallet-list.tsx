"use client";

import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import type { z } from "zod";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Hash } from "@/components/ui/copy";
import { Confirm, Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Menu, MenuItem } from "@/components/ui/menu";
import { Notice } from "@/components/ui/notice";
import { type Column, Table } from "@/components/ui/table";
import type { Action } from "@/lib/auth/actions";
import type { Network } from "@/lib/networks";
import { renameWalletSchema, type walletSchema } from "@/lib/wallets/schema";
import { Time } from "../time";
import { useAction, useActionForm } from "../use-action";

export type WalletRow = {
  id: string;
  network: Network;
  networkLabel: string;
  /** Nothing is scanned there now. */
  isOff: boolean;
  address: string;
  label: string | null;
  isDefault: boolean;
  createdAt: Date;
  archivedAt: Date | null;
  openInvoices: number;
  /** The amount with the most places taken above it. */
  crowded: { amountUsdt: string; taken: number } | null;
};

type WalletAction = Action<z.input<typeof walletSchema>, void>;
type Props = {
  wallets: WalletRow[];
  /** How many exact amounts an asked amount may become. */
  places: number;
  makeDefault: WalletAction;
  rename: Action<z.input<typeof renameWalletSchema>, void>;
  archive: WalletAction;
};

/** Wallets in use and archived ones, with what can be done to each. */
export function WalletList({ wallets, places, makeDefault, rename, archive }: Props) {
  const [renaming, setRenaming] = useState<WalletRow | null>(null);
  const [archiving, setArchiving] = useState<WalletRow | null>(null);
  const defaulting = useAction(makeDefault);
  const archival = useAction(archive);
  const columns: Column<WalletRow>[] = [
    {
      header: "Network",
      cell: (wallet) => (
        <span className="flex flex-wrap items-center gap-2">
          {wallet.networkLabel}
          {wallet.isDefault && <Badge>Default</Badge>}
          {wallet.isOff && <Badge tone="amber">Not watched</Badge>}
        </span>
      ),
    },
    { header: "Address", cell: (wallet) => <Hash value={wallet.address} what="the address" /> },
    { header: "Label", cell: (wallet) => wallet.label ?? <span className="text-muted">–</span> },
    { header: "Open invoices", align: "right", cell: (wallet) => wallet.openInvoices },
    { header: "Busiest amount", cell: (wallet) => <Places crowded={wallet.crowded} places={places} /> },
  ];
  const inUse: Column<WalletRow>[] = [
    ...columns,
    { header: "Added", cell: (wallet) => <Time at={wallet.createdAt} /> },
    {
      header: "Actions",
      align: "right",
      cell: (wallet) => (
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label={`What to do with ${wallet.address}`}>
              <Ellipsis aria-hidden="true" />
            </Button>
          }
        >
          {!wallet.isDefault && (
            <MenuItem
              onSelect={() => defaulting.run({ walletId: wallet.id }, () => toast("New invoices go to this wallet"))}
            >
              Make it the default
            </MenuItem>
          )}
          <MenuItem onSelect={() => setRenaming(wallet)}>Rename</MenuItem>
          <MenuItem danger onSelect={() => setArchiving(wallet)}>
            Archive
          </MenuItem>
        </Menu>
      ),
    },
  ];
  const archived = wallets.filter((wallet) => wallet.archivedAt);
  return (
    <div className="flex flex-col gap-8">
      {defaulting.problem && <Notice tone="red">{defaulting.problem}</Notice>}
      <Table
        label="Wallets in use"
        columns={inUse}
        rows={wallets.filter((wallet) => !wallet.archivedAt)}
        rowKey={(wallet) => wallet.id}
        empty="Every wallet is archived. Without one no invoice can be made."
      />
      {archived.length > 0 && (
        <section>
          <h2 className="mb-1 text-base font-semibold">Archived</h2>
          <p className="mb-3 max-w-prose text-sm leading-5 text-muted">
            No new invoice is paid into these. They are still watched: open invoices are credited, and what comes later
            is shown under Transfers. To use one again, add its address again.
          </p>
          <Table
            label="Archived wallets"
            columns={[
              ...columns.slice(0, 4),
              { header: "Archived", cell: ({ archivedAt }) => archivedAt && <Time at={archivedAt} /> },
            ]}
            rows={archived}
            rowKey={(wallet) => wallet.id}
          />
        </section>
      )}
      <Dialog title="Rename the wallet" open={renaming !== null} onOpenChange={() => setRenaming(null)}>
        {renaming && <RenameForm wallet={renaming} rename={rename} onDone={() => setRenaming(null)} />}
      </Dialog>
      <Confirm
        title={`Archive this ${archiving?.networkLabel ?? ""} wallet?`}
        description={<ArchiveConsequences wallet={archiving} others={wallets} />}
        confirm="Archive the wallet"
        danger
        pending={archival.pending}
        problem={archival.problem}
        open={archiving !== null}
        onOpenChange={(open) => {
          archival.clear();
          if (!open) setArchiving(null);
        }}
        onConfirm={() =>
          archiving &&
          archival.run({ walletId: archiving.id }, () => {
            setArchiving(null);
            toast("The wallet was archived");
          })
        }
      />
    </div>
  );
}

/** How many exact amounts are taken around the amount that most open invoices share. */
function Places({ crowded, places }: { crowded: WalletRow["crowded"]; places: number }) {
  if (!crowded) return <span className="text-muted">–</span>;
  const low = crowded.taken / places >= 0.8;
  return (
    <span className={low ? "text-amber" : undefined}>
      {crowded.amountUsdt} <span className="text-xs text-muted">USDT</span>: {crowded.taken} of {places} taken
      {low && ", nearly full"}
    </span>
  );
}

function ArchiveConsequences({ wallet, others }: { wallet: WalletRow | null; others: WalletRow[] }) {
  if (!wallet) return null;
  const left = others.filter((each) => each.network === wallet.network && !each.archivedAt && each.id !== wallet.id);
  const open = wallet.openInvoices;
  return (
    <>
      <p className="font-mono text-[13px] wrap-anywhere text-ink">{wallet.address}</p>
      <p className="mt-2">
        {open > 0 && `Its ${open} open ${open === 1 ? "invoice" : "invoices"} will still be credited. `}
        {left.length === 0
          ? `It is your only wallet on ${wallet.networkLabel}: no new invoice can be made there until you add another.`
          : wallet.isDefault
            ? "Your oldest other wallet on this network becomes the default."
            : "New invoices go to your other wallets on this network."}
      </p>
    </>
  );
}

function RenameForm({ wallet, rename, onDone }: { wallet: WalletRow; rename: Props["rename"]; onDone: () => void }) {
  const { register, submit, problem, errorOf, pending } = useActionForm({
    action: rename,
    schema: renameWalletSchema,
    defaultValues: { walletId: wallet.id, label: wallet.label ?? "" },
    onDone: () => {
      toast("The label was saved");
      onDone();
    },
  });
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {problem && <Notice tone="red">{problem}</Notice>}
      <Field label="Label" hint="Only you see it" error={errorOf("label")}>
        {(control) => <Input {...control} autoComplete="off" {...register("label")} />}
      </Field>
      <Button type="submit" variant="primary" disabled={pending} className="sm:self-end">
        Save
      </Button>
    </form>
  );
}
