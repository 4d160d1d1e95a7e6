import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { findCursor } from "@/db/queries/chain";
import { hasPayment, type Scope } from "@/db/queries/invoices";
import { lockInvoiceById, markConfirmed, webhookUrlsOf } from "@/db/queries/settlement";
import { insertPayments, lockTransfer } from "@/db/queries/transfers";
import { countUnmatched, listUnmatched, type UnmatchedTransfer } from "@/db/queries/unmatched";
import { findWalletByKey } from "@/db/queries/wallets";
import type { Mode } from "@/db/schema/columns";
import { networkSpec } from "@/lib/chains/networks";
import { formatTime } from "@/lib/clock";
import { AppError } from "@/lib/errors";
import { confirmationsOf } from "@/lib/invoices/settle";
import { nudge } from "@/lib/jobs/nudge";
import { formatBase } from "@/lib/money";
import { testBlockAt } from "@/lib/sandbox/chain";
import { isUuid } from "@/lib/uuid";
import { emitEvent } from "@/lib/webhooks/events";

const LIST_LIMIT = 500;

/** An unmatched transfer as people read it. */
export function presentUnmatched(transfer: UnmatchedTransfer) {
  const { value, blockTime, ...rest } = transfer;
  return {
    ...rest,
    amountUsdt: formatBase(value, networkSpec(transfer.network).decimals),
    blockTime: formatTime(blockTime),
  };
}

/** Transfers that paid nothing, newest first: of a merchant or of all, in a mode or in both. */
export async function listUnmatchedTransfers(where: { merchantId: string | null; mode: Mode | null }) {
  return (await listUnmatched(db(), where, { limit: LIST_LIMIT, before: null })).map(presentUnmatched);
}

/** A page of a merchant's unmatched transfers, the last seen first. @param before the last transfer of the page before. */
export async function listUnmatchedPage(scope: Scope, { limit, before }: { limit: number; before: string | null }) {
  const page = { limit: limit + 1, before: before !== null && isUuid(before) ? before : null };
  const rows = await listUnmatched(db(), scope, page);
  const shown = rows.slice(0, limit).map(presentUnmatched);
  return { data: shown, next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

/** How many there are, counted up to a thousand. */
export function countUnmatchedTransfers(scope: Scope): Promise<number> {
  return countUnmatched(db(), scope, 1_000);
}

/** One unmatched transfer. @throws {AppError} not_found, also for another merchant's, the other mode's, and one that pays. */
export async function getUnmatchedTransfer(scope: Scope, transferId: string) {
  const page = { limit: 1, before: null };
  const rows = isUuid(transferId) ? await listUnmatched(db(), { ...scope, transferId }, page) : [];
  const [row] = rows;
  if (!row) throw new AppError("not_found", "There is no such unmatched transfer");
  return presentUnmatched(row);
}

/**
 * Lets a transfer pay an invoice that it does not fit: somebody looked and decided. The invoice is confirmed, it is recorded
 * in the audit log, and the webhook says `"resolution": "manual"`. The constraints of `payments` (one payment an invoice, one
 * invoice a transfer and merchant) hold here too.
 * @throws {AppError} not_found, transfer_not_acceptable with the reason.
 */
export async function acceptTransfer(
  transferId: string,
  invoiceId: string,
  actor: Actor,
  scope?: { merchantId: string; mode?: Mode },
) {
  const refuse = (message: string) => new AppError("transfer_not_acceptable", message);
  await db().transaction(async (tx) => {
    const invoice = await lockInvoiceById(tx, invoiceId);
    const theirs =
      !scope || (invoice?.merchantId === scope.merchantId && (scope.mode ?? invoice.mode) === invoice.mode);
    if (!invoice || !theirs) {
      throw new AppError("not_found", "There is no such invoice");
    }
    const found = isUuid(transferId) ? await lockTransfer(tx, transferId) : null;
    const transfer = found && scope?.mode && found.mode !== scope.mode ? null : found;
    const { network, mode, merchantId } = invoice;
    const ours = transfer && (await findWalletByKey(tx, merchantId, transfer.network, transfer.toAddressKey));
    if (!transfer || !ours || (transfer.merchantId !== null && transfer.merchantId !== merchantId)) {
      throw new AppError("not_found", "There is no such transfer to a wallet of this invoice's merchant");
    }
    if (transfer.network !== network || transfer.mode !== mode) {
      throw refuse(`The transfer is on ${transfer.network} (${transfer.mode}), the invoice on ${network} (${mode})`);
    }
    if (invoice.status === "confirmed") throw refuse("The invoice is confirmed already");
    if (await hasPayment(tx, invoiceId)) throw refuse("Another transfer pays this invoice");
    if (transfer.status !== "canonical") throw refuse(`The transfer is ${transfer.status}: it is not on the chain`);
    const scanned =
      mode === "test" ? testBlockAt(new Date()) : ((await findCursor(tx, network, mode))?.scannedNumber ?? null);
    const confirmations = confirmationsOf(transfer.blockNumber, scanned);
    const { confirmations: required } = networkSpec(network);
    if (confirmations < required) {
      throw refuse(`The transfer has ${confirmations} of ${required} confirmations: accept it when it is final`);
    }
    const paid = await insertPayments(tx, [{ transferId, invoiceId, merchantId, resolution: "manual" }]);
    if (paid.length === 0) throw refuse("The transfer pays another invoice of this merchant");
    const paidAt = transfer.blockTime;
    await markConfirmed(tx, invoiceId, paidAt, confirmations, "manual");
    const data = { invoiceId, from: invoice.status, value: transfer.value.toString(), txHash: transfer.txHash };
    await insertAudit(tx, { merchantId, actor, action: "transfer.accepted", target: transferId, data });
    const urls = await webhookUrlsOf(tx, [merchantId]);
    const after = { ...invoice, status: "confirmed" as const, paidAt, resolution: "manual" as const };
    await emitEvent(tx, "invoice.confirmed", after, transfer.txHash, urls.get(merchantId) ?? null);
  });
  nudge("deliver");
  return { transferId, invoiceId, status: "confirmed", resolution: "manual" };
}
