import { db } from "@/db/client";
import type { Scope } from "@/db/queries/invoices";
import { listTransfers, type TransferFilter, type TransferRow } from "@/db/queries/transfer-list";
import { formatAddress, parseAddress } from "@/lib/chains/address";
import { type Network, networkSpec } from "@/lib/chains/networks";
import type { ListPage, Position } from "@/lib/lists/walk";
import { formatBase } from "@/lib/money";

/** A transfer as people read it. `createdAt` is its block's time, the place in the list. */
export type TransferView = Omit<TransferRow, "value" | "blockTime"> & { amountUsdt: string; createdAt: Date };

export type TransferSearch = {
  network?: Network;
  /** A transaction hash, or the address that sent it. */
  text: string;
};

/** A page of all transfers to a merchant's wallets, newest block first. */
export async function listTransferPage(
  scope: Scope,
  { network, text }: TransferSearch,
  { limit, after }: { limit: number; after: Position | null },
): Promise<ListPage<TransferView>> {
  const filter = filterOf(text.trim());
  const rows = filter ? await listTransfers(db(), scope, { network, ...filter }, { limit: limit + 1, after }) : [];
  const shown = rows.slice(0, limit).map(({ value, blockTime, ...row }) => ({
    ...row,
    createdAt: blockTime,
    amountUsdt: formatBase(value, networkSpec(row.network).decimals),
  }));
  const last = shown.at(-1);
  const next = rows.length > limit && last ? { createdAt: last.createdAt, id: last.id } : null;
  return { rows: shown, next, lookedBackTo: null };
}

/** Null: the text is nothing that a transfer could be found by. */
function filterOf(text: string): TransferFilter | null {
  if (text === "") return {};
  const digits = /^(?:0x)?([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase();
  if (digits) return { hashes: [digits, `0x${digits}`] };
  for (const network of ["tron", "ethereum"] as const) {
    const parsed = parseAddress(network, text);
    if (parsed.ok) return { sender: formatAddress(network, parsed.key) };
  }
  return null;
}
