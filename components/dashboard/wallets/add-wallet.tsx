"use client";

import { Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import type { z } from "zod";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";
import type { Network } from "@/lib/networks";
import type { AddressCheck } from "@/lib/wallets/check";
import { addOwnWalletSchema, type checkAddressSchema } from "@/lib/wallets/schema";
import { usePageContext } from "../context";
import { useActionForm } from "../use-action";

type NetworkChoice = { network: Network; label: string; isWatched: boolean };
type Props = {
  networks: NetworkChoice[];
  addWallet: Action<z.input<typeof addOwnWalletSchema>, void>;
  checkAddress: Action<z.input<typeof checkAddressSchema>, AddressCheck>;
};

/** The button and its window: an address that is checked while it is typed, and the password. */
export function AddWallet(props: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      title="Add a wallet"
      description="Customers will be told to pay here. Copy the address from your own wallet: what is sent to a wrong one is lost."
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button variant="primary">
          <Plus aria-hidden="true" />
          Add a wallet
        </Button>
      }
    >
      <AddWalletForm {...props} onDone={() => setOpen(false)} />
    </Dialog>
  );
}

function AddWalletForm({ networks, addWallet, checkAddress, onDone }: Props & { onDone: () => void }) {
  const { form, register, submit, problem, errorOf, pending } = useActionForm({
    action: addWallet,
    schema: addOwnWalletSchema,
    defaultValues: { network: networks[0]?.network ?? "tron", address: "", label: "", password: "" },
    onDone: () => {
      toast("The wallet was added");
      onDone();
    },
  });
  const [network, address] = form.watch(["network", "address"]);
  const check = useAddressCheck(checkAddress, network, address);
  const chosen = networks.find((each) => each.network === network);
  const others =
    check && !check.fits.includes(network) ? networks.filter((each) => check.fits.includes(each.network)) : [];
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {problem && <Notice tone="red">{problem}</Notice>}
      <Field label="Network" error={errorOf("network")}>
        {(control) => (
          <Select {...control} {...register("network")}>
            {networks.map((each) => (
              <option key={each.network} value={each.network}>
                {each.label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {chosen && !chosen.isWatched && (
        <Notice tone="amber">
          This gateway does not watch {chosen.label} at the moment. Test invoices work; live ones are refused until the
          operator turns it on.
        </Notice>
      )}
      <div>
        <Field label="Address" error={errorOf("address")}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              autoCapitalize="none"
              autoCorrect="off"
              spellCheck={false}
              className="font-mono"
              {...register("address")}
            />
          )}
        </Field>
        <div aria-live="polite" className="mt-1.5 min-h-10 text-sm leading-5">
          {check && !errorOf("address") && (
            <p className={TONE[check.verdict]}>
              {check.message}
              {others.map((other) => (
                <button
                  key={other.network}
                  type="button"
                  className="ml-2 cursor-pointer text-accent underline underline-offset-4"
                  onClick={() => form.setValue("network", other.network)}
                >
                  Use {other.label}
                </button>
              ))}
            </p>
          )}
        </div>
      </div>
      <Field label="Label" hint="Only you see it. May stay empty" error={errorOf("label")}>
        {(control) => <Input {...control} autoComplete="off" {...register("label")} />}
      </Field>
      <Field label="Your password" hint="Because this decides where your money goes" error={errorOf("password")}>
        {(control) => <Input {...control} type="password" autoComplete="current-password" {...register("password")} />}
      </Field>
      <Button type="submit" variant="primary" disabled={pending} className="sm:self-end">
        {pending ? "Adding…" : "Add the wallet"}
      </Button>
    </form>
  );
}

const TONE = { good: "text-green", doubtful: "text-amber", wrong: "text-red" };

const TYPING_PAUSE_MS = 250;

/** The server's word about what is typed, a moment after the typing stops; null while there is none for it. */
function useAddressCheck(checkAddress: Props["checkAddress"], network: Network, address: string): AddressCheck | null {
  const { mode, merchantId } = usePageContext();
  const [answer, setAnswer] = useState<{ of: string; check: AddressCheck } | null>(null);
  const question = `${network} ${address.trim()}`;
  useEffect(() => {
    const typed = address.trim();
    if (typed === "") return;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const result = await checkAddress({ mode, merchantId }, { network, address: typed }).catch(() => null);
      // Without an answer nothing is said: adding it checks it again.
      if (isCurrent && result?.ok) setAnswer({ of: `${network} ${typed}`, check: result.data });
    }, TYPING_PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [checkAddress, mode, merchantId, network, address]);
  return answer?.of === question ? answer.check : null;
}
