import type { InvoiceView, Scope } from "@/db/queries/invoices";
import { assetOf, labelOf } from "@/lib/chains/networks";
import { formatTime, formatTimeOrNull } from "@/lib/clock";
import { csvStream } from "@/lib/csv";
import { formatAmount } from "@/lib/money";
import { paymentUrl } from "./present";
import { eachInvoice, type InvoiceSearch } from "./search";

/** Invoices read by one query of an export. */
const BATCH = 1_000;

const COLUMNS: [name: string, value: (invoice: InvoiceView) => string | null][] = [
  ["id", (invoice) => invoice.id],
  ["reference", (invoice) => invoice.reference],
  ["status", (invoice) => invoice.status],
  ["amount_usdt", (invoice) => formatAmount(invoice.amountRequested)],
  ["amount_usdt_exact", (invoice) => formatAmount(invoice.amount)],
  ["asset_code", (invoice) => assetOf(invoice.network)],
  ["network", (invoice) => labelOf(invoice.network)],
  ["payout_address", (invoice) => invoice.payoutAddress],
  ["tx_hash", (invoice) => invoice.payment?.txHash ?? null],
  ["paid_from", (invoice) => invoice.payment?.fromAddress ?? null],
  ["resolution", (invoice) => invoice.resolution],
  ["created_at", (invoice) => formatTime(invoice.createdAt)],
  ["expires_at", (invoice) => formatTime(invoice.expiresAt)],
  ["paid_at", (invoice) => formatTimeOrNull(invoice.paidAt)],
  ["expired_at", (invoice) => formatTimeOrNull(invoice.expiredAt)],
  ["cancelled_at", (invoice) => formatTimeOrNull(invoice.cancelledAt)],
  ["title", (invoice) => invoice.title],
  ["description", (invoice) => invoice.description],
  ["metadata", (invoice) => invoice.metadata],
  ["payment_url", (invoice) => paymentUrl(invoice)],
  ["mode", (invoice) => invoice.mode],
];

/** Every invoice that a search means as CSV, newest first: amounts as decimals, times in UTC. Any number of them. */
export function exportInvoices(scope: Scope, search: InvoiceSearch): ReadableStream<Uint8Array> {
  return csvStream(
    COLUMNS.map(([name]) => name),
    rowsOf(eachInvoice(scope, search, BATCH)),
  );
}

async function* rowsOf(batches: AsyncIterable<InvoiceView[]>) {
  for await (const batch of batches) yield batch.map((invoice) => COLUMNS.map(([, value]) => value(invoice)));
}
