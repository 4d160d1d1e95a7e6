import { createHmac } from "node:crypto";
import type { InvoiceView } from "@/db/queries/invoices";
import { RawJson } from "@/lib/api/json";
import { assetOf, labelOf, networkSpec } from "@/lib/chains/networks";
import { formatTime, formatTimeOrNull } from "@/lib/clock";
import { safeEqual } from "@/lib/crypto";
import { env } from "@/lib/env";
import { formatAmount } from "@/lib/money";
import { encodePayPath } from "@/lib/pay/paths";
import { testBlockAt } from "@/lib/sandbox/chain";
import { confirmationsOf } from "./settle";

/** The public URL of an invoice's pay page. */
export function paymentUrl(invoice: { payPath: string }): string {
  return `${env().payUrl}/${encodePayPath(invoice.payPath)}`;
}

/**
 * The capability to cancel an invoice from its pay page: who only knows the reference cannot make it. Derived, so that every
 * representation shows the same and nothing is stored.
 */
export function cancelToken(invoiceId: string): string {
  return createHmac("sha256", `cancel:${env().encryptionKey}`).update(invoiceId).digest("base64url").slice(0, 32);
}

export function isCancelToken(invoiceId: string, token: string): boolean {
  return safeEqual(cancelToken(invoiceId), token);
}

/** How far an invoice's payment is, or null while none is seen. */
export function paymentProgress(invoice: InvoiceView, now: Date) {
  const { payment } = invoice;
  if (!payment) return null;
  const scanned = invoice.mode === "test" ? testBlockAt(now) : invoice.scannedNumber;
  return {
    txHash: payment.txHash,
    from: payment.fromAddress,
    blockNumber: payment.blockNumber,
    confirmations: payment.confirmations ?? confirmationsOf(payment.blockNumber, scanned),
    requiredConfirmations: networkSpec(invoice.network).confirmations,
    detectedAt: formatTime(payment.detectedAt),
  };
}

/** An invoice as the API shows it. `metadata` keeps the text it was sent as. */
export function presentInvoice(invoice: InvoiceView, now = new Date()) {
  const url = paymentUrl(invoice);
  const payment = paymentProgress(invoice, now);
  const expiresAt = formatTime(invoice.expiresAt);
  const whiteLabel = {
    cancelUrl: `${url}/cancel?token=${cancelToken(invoice.id)}`,
    statusUrl: `${url}/status`,
    qrData: invoice.payoutAddress,
    network: invoice.network,
    networkLabel: labelOf(invoice.network),
    expiresAt,
    title: invoice.title,
    description: invoice.description,
  };
  return {
    id: invoice.id,
    reference: invoice.reference,
    assetCode: assetOf(invoice.network),
    payoutAddress: invoice.payoutAddress,
    amountUsdtExact: formatAmount(invoice.amount),
    status: invoice.status,
    expiresAt,
    paymentUrl: url,
    createdAt: formatTime(invoice.createdAt),
    isTest: invoice.mode === "test",
    metadata: invoice.metadata === null ? null : new RawJson(invoice.metadata),
    ...(invoice.whiteLabel ? { whiteLabel } : {}),
    amountUsdt: formatAmount(invoice.amountRequested),
    walletId: invoice.walletId,
    network: invoice.network,
    title: invoice.title,
    description: invoice.description,
    callbackUrl: invoice.callbackUrl,
    returnUrl: invoice.returnUrl,
    txHash: invoice.status === "confirmed" ? (payment?.txHash ?? null) : null,
    paidAt: formatTimeOrNull(invoice.paidAt),
    cancelledAt: formatTimeOrNull(invoice.cancelledAt),
    expiredAt: formatTimeOrNull(invoice.expiredAt),
    payment,
  };
}

/** An invoice as a row of the dashboard's list. */
export function presentRow(invoice: InvoiceView, now = new Date()) {
  const payment = paymentProgress(invoice, now);
  return {
    id: invoice.id,
    reference: invoice.reference,
    title: invoice.title,
    status: invoice.status,
    progress: payment && { confirmations: payment.confirmations, required: payment.requiredConfirmations },
    amountUsdt: formatAmount(invoice.amount),
    networkLabel: labelOf(invoice.network),
    createdAt: invoice.createdAt,
    paidAt: invoice.paidAt,
  };
}
