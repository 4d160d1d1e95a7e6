import type { InvoiceView } from "@/db/queries/invoices";
import type { InvoiceStatus } from "@/db/schema";
import { labelOf, type Network, networkSpec } from "@/lib/chains/networks";
import { formatTime, formatTimeOrNull } from "@/lib/clock";
import { confirmationsOf } from "@/lib/invoices/settle";
import { formatAmount } from "@/lib/money";

/** What anybody who knows the address of a pay page may read. */
export type PayStatus = {
  reference: string;
  status: InvoiceStatus;
  amountUsdtExact: string;
  network: Network;
  payment: { confirmations: number; requiredConfirmations: number; detectedAt: string; txHash: string } | null;
  expiresAt: string;
  serverTime: string;
};

/** The public status of an invoice: field by field, so that nothing private can slip in. */
export function payStatus(invoice: InvoiceView, now = new Date()): PayStatus {
  const { payment } = invoice;
  return {
    reference: invoice.reference,
    status: invoice.status,
    amountUsdtExact: formatAmount(invoice.amount),
    network: invoice.network,
    payment: payment && {
      confirmations: payment.confirmations ?? confirmationsOf(payment.blockNumber, invoice.scannedNumber),
      requiredConfirmations: networkSpec(invoice.network).confirmations,
      detectedAt: formatTime(payment.detectedAt),
      txHash: payment.txHash,
    },
    expiresAt: formatTime(invoice.expiresAt),
    serverTime: formatTime(now),
  };
}

/**
 * Where a payment stands, for the person who pays. `waiting`: nothing came yet; `overdue`: the time is over and the network
 * is still being read up to it; `seen`: it came and deepens.
 */
export type PayState = "waiting" | "overdue" | "seen" | "confirmed" | "expired" | "cancelled";

/** All that the pay page shows, as text. */
export type PayView = PayStatus & {
  state: PayState;
  merchantName: string;
  title: string | null;
  description: string | null;
  networkLabel: string;
  address: string;
  /** What was asked for, where the exact amount differs from it. */
  amountAsked: string | null;
  isTest: boolean;
  minutesLeft: number;
  paidAt: string | null;
  closedAt: string | null;
  /** Shown once it is paid. */
  returnUrl: string | null;
};

/** Turns an invoice into what its pay page shows at a moment. */
export function payView(invoice: InvoiceView & { merchantName: string }, now = new Date()): PayView {
  const leftMs = invoice.expiresAt.getTime() - now.getTime();
  return {
    ...payStatus(invoice, now),
    state: stateOf(invoice, leftMs),
    merchantName: invoice.merchantName,
    title: invoice.title,
    description: invoice.description,
    networkLabel: labelOf(invoice.network),
    address: invoice.payoutAddress,
    amountAsked: invoice.amount === invoice.amountRequested ? null : formatAmount(invoice.amountRequested),
    isTest: invoice.mode === "test",
    minutesLeft: Math.max(0, Math.ceil(leftMs / 60_000)),
    paidAt: formatTimeOrNull(invoice.paidAt),
    closedAt: formatTimeOrNull(invoice.status === "cancelled" ? invoice.cancelledAt : invoice.expiredAt),
    returnUrl: httpUrl(invoice.returnUrl),
  };
}

function stateOf(invoice: InvoiceView, leftMs: number): PayState {
  if (invoice.status !== "pending") return invoice.status;
  if (invoice.payment) return "seen";
  return leftMs > 0 ? "waiting" : "overdue";
}

/** The URL where it is http(s), else null: `javascript:` and its like never become a link. */
function httpUrl(text: string | null): string | null {
  try {
    const url = new URL(text ?? "");
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
