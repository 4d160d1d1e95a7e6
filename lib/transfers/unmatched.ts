import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { findCursor } from "@/db/queries/chain";
import { hasPayment } from "@/db/queries/invoices";
import { lockInvoiceById, markConfirmed, webhookUrlsOf } from "@/db/queries/settlement";
import { insertPayments, lockTransfer } from "@/db/queries/transfers";
import { listUnmatched, type UnmatchedTransfer } from "@/db/queries/unmatched";
import { findWalletByKey } from "@/db/queries/wallets";
import type { Mode } from "@/db/schema/columns";
import { networkSpec } from "@/lib/chains/networks";
import { formatTime } from "@/lib/clock";
import { AppError } from "@/lib/errors";
import { confirmationsOf } from "@/lib/invoices/settle";
import { nudge } from "@/lib/jobs/nudge";
import { formatBase } from "@/lib/money";
import { testBlockAt } from "@/lib/sandbox/chain";
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
  return (await listUnmatched(db(), where, LIST_LIMIT)).map(presentUnmatched);
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
  scope?: { merchantId: string },
) {
  const refuse = (message: string) => new AppError("transfer_not_acceptable", message);
  await db().transaction(async (tx) => {
    const invoice = await lockInvoiceById(tx, invoiceId);
    if (!invoice || (scope && invoice.merchantId !== scope.merchantId)) {
      throw new AppError("not_found", "There is no such invoice");
    }
    const transfer = await lockTransfer(tx, transferId);
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
