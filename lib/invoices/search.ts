import { db } from "@/db/client";
import { listInvoicesAmong, probeInvoices, type SearchTerm, scanInvoices } from "@/db/queries/invoice-search";
import type { InvoiceFilter, InvoiceView, Scope } from "@/db/queries/invoices";
import { listAllWallets, type Wallet } from "@/db/queries/wallets";
import { formatAddress, parseAddress } from "@/lib/chains/address";
import { type ListPage, type Position, walk } from "@/lib/lists/walk";
import { parseAmount } from "@/lib/money";
import { isUuid } from "@/lib/uuid";

/** Found by an index, a term may mean this many invoices; what means more is common, and soon met when reading the list. */
const FEW = 2_000;

export type InvoiceSearch = Omit<InvoiceFilter, "reference"> & {
  /** What was typed: a reference or its beginning, an amount, a transaction hash, an address, an id. */
  text: string;
};

/**
 * A page of a merchant's invoices, newest first, under any filter.
 * `ListPage.lookedBackTo` says where a search for something rare stopped.
 */
export async function searchInvoices(
  scope: Scope,
  search: InvoiceSearch,
  page: { limit: number; after: Position | null },
): Promise<ListPage<InvoiceView>> {
  const { read } = await prepareSearch(scope, search);
  return walk(read, page);
}

/** The same without an end: every invoice that fits, in batches, for an export. Holds one batch at a time. */
export async function* eachInvoice(scope: Scope, search: InvoiceSearch, batch: number): AsyncGenerator<InvoiceView[]> {
  const { read } = await prepareSearch(scope, search);
  let after: Position | null = null;
  for (;;) {
    const page: ListPage<InvoiceView> = await walk(read, { limit: batch, after });
    if (page.rows.length > 0) yield page.rows;
    if (!page.next) return;
    after = page.next;
  }
}

async function prepareSearch(scope: Scope, { text, ...filter }: InvoiceSearch) {
  const walking = (terms: SearchTerm[]) => ({
    read: (after: Position | null, limit: number, stretch: number) =>
      scanInvoices(db(), scope, filter, terms, after, limit, stretch),
  });
  if (text.trim() === "") return walking([]);
  const wallets = await listAllWallets(db(), scope.merchantId);
  const { exact, loose } = termsOf(text, wallets);
  const walletIds = wallets.map((wallet) => wallet.id);
  const found = await Promise.all(exact.map((term) => probeInvoices(db(), scope, term, walletIds, FEW)));
  // More than a few: reading the list will meet them.
  if (found.includes(null)) return walking(exact);
  const ids = [...new Set(found.flatMap((some) => some ?? []))];
  if (ids.length === 0 && loose) return walking([loose]);
  const read = async (after: Position | null, limit: number) => ({
    rows: await listInvoicesAmong(db(), scope, ids, filter, after, limit),
    end: null,
  });
  return { read };
}

/** What a text may mean: all of `exact`; and where nothing is that, `loose`. */
export function termsOf(
  input: string,
  wallets: Pick<Wallet, "id" | "network" | "addressKey">[],
): { exact: SearchTerm[]; loose: SearchTerm | null } {
  const text = input.trim().slice(0, 200);
  const reference: SearchTerm[] = /^[ -~]{1,50}$/.test(text) ? [{ kind: "reference", prefix: text }] : [];
  if (isUuid(text)) return { exact: [{ kind: "id", id: text.toLowerCase() }, ...reference], loose: null };
  const digits = /^(?:0x)?([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase();
  if (digits) return { exact: [{ kind: "hash", hashes: [digits, `0x${digits}`] }], loose: null };
  const address = addressTerm(text, wallets);
  if (address) return { exact: [address], loose: null };
  const amount = AMOUNT.test(text) ? parseAmount(text.replace(",", ".").replace(/\s*usdt$/i, "")) : null;
  const amounts: SearchTerm[] = amount?.ok ? [{ kind: "amount", amount: amount.units }] : [];
  const isText = text.isWellFormed() && !text.includes("\0");
  return { exact: [...amounts, ...reference], loose: isText ? { kind: "text", text } : null };
}

const AMOUNT = /^\d{1,10}([.,]\d{1,4})?(\s*usdt)?$/i;

/** An address of the merchant's own means what is paid there; any other one what was paid from it. */
function addressTerm(text: string, wallets: Pick<Wallet, "id" | "network" | "addressKey">[]): SearchTerm | null {
  for (const network of ["tron", "ethereum"] as const) {
    const parsed = parseAddress(network, text);
    if (!parsed.ok) continue;
    const own = wallets.filter(
      (wallet) => wallet.addressKey === parsed.key && (wallet.network === "tron") === (network === "tron"),
    );
    if (own.length > 0) return { kind: "wallet", walletIds: own.map((wallet) => wallet.id) };
    return { kind: "sender", address: formatAddress(network, parsed.key) };
  }
  return null;
}
