import type { PayInvoice } from "@/db/queries/pay";
import type { UnmatchedReason, UnmatchedTransfer } from "@/db/queries/unmatched";
import type { InvoiceStatus } from "@/db/schema";
import { labelOf, type Network, networkSpec } from "@/lib/chains/networks";
import { formatTime, formatTimeOrNull } from "@/lib/clock";
import { sha256 } from "@/lib/crypto";
import { confirmationsOf } from "@/lib/invoices/settle";
import { formatAmount, formatBase, unitsToBase } from "@/lib/money";
import { testBlockAt } from "@/lib/sandbox/chain";
import { type Accent, accentOf } from "./accent";
import { explorerUrl, paymentUri, type WalletLink, walletLinks } from "./wallet-links";

/** What anybody who knows the address of a pay page may read. */
export type PayStatus = {
  reference: string;
  status: InvoiceStatus;
  amountUsdtExact: string;
  network: Network;
  payment: { confirmations: number; requiredConfirmations: number; detectedAt: string; txHash: string } | null;
  expiresAt: string;
  serverTime: string;
  /** Changes whenever the page would show something else; else opaque. */
  version: string;
};

/** The public status of an invoice: field by field, so that nothing private can slip in. */
export function payStatus(invoice: PayInvoice, now = new Date()): PayStatus {
  const { payment } = invoice;
  const scanned = invoice.mode === "test" ? testBlockAt(now) : invoice.scannedNumber;
  const required = networkSpec(invoice.network).confirmations;
  const status = {
    reference: invoice.reference,
    status: invoice.status,
    amountUsdtExact: formatAmount(invoice.amount),
    network: invoice.network,
    payment: payment && {
      confirmations: payment.confirmations ?? confirmationsOf(payment.blockNumber, scanned),
      requiredConfirmations: required,
      detectedAt: formatTime(payment.detectedAt),
      txHash: payment.txHash,
    },
    expiresAt: formatTime(invoice.expiresAt),
    serverTime: formatTime(now),
  };
  const shown = [
    stateOf(invoice, now),
    payment?.txHash,
    // More than are required look the same: a payment that waits for its network's word does not change at every block.
    Math.min(status.payment?.confirmations ?? 0, required),
    status.expiresAt,
    invoice.latestStrayAt?.getTime(),
  ];
  return { ...status, version: sha256(JSON.stringify(shown)).slice(0, 16) };
}

/** Whether nothing is going to happen by itself any more. */
export function isFinal(invoice: PayInvoice): boolean {
  return invoice.status !== "pending" && !(invoice.status === "expired" && invoice.payment);
}

/**
 * Where a payment stands, for the person who pays. `waiting`: nothing came yet; `overdue`: the time is over and the network
 * is still being read up to it; `seen`: it came and deepens.
 */
export type PayState = "waiting" | "overdue" | "seen" | "confirmed" | "expired" | "cancelled";

/** A transfer that came and does not pay this invoice, and why; `orphaned`: it did, and left the chain with its block. */
export type PayNotice =
  | { reason: Exclude<UnmatchedReason, "unknown">; amountUsdt: string; txHash: string; explorerUrl: string | null }
  | { reason: "orphaned" };

/** All that the pay page shows, but for its words. */
export type PayView = PayStatus & {
  state: PayState;
  isFinal: boolean;
  merchantName: string;
  title: string | null;
  description: string | null;
  networkLabel: string;
  address: string;
  /** What was asked for, where the exact amount differs from it. */
  amountAsked: string | null;
  isTest: boolean;
  secondsLeft: number;
  /** The payment came in time, and its time is over now. */
  afterTime: boolean;
  /** What came, where the merchant accepted another amount. */
  amountPaid: string | null;
  acceptedByHand: boolean;
  paidAt: string | null;
  closedAt: string | null;
  /** About how long a payment takes to be confirmed. */
  minutesToConfirm: number;
  explorerUrl: string | null;
  /** ERC-681; null where the network knows no such form. */
  paymentUri: string | null;
  walletLinks: WalletLink[];
  notices: PayNotice[];
  /** Shown once it is paid. */
  returnUrl: string | null;
  /** It was paid just now: whoever opens the page is on the way back to the shop. */
  returnsByItself: boolean;
  whiteLabel: boolean;
  accent: Accent | null;
  /** Changes with the merchant's logo; null: there is none. */
  logoVersion: string | null;
};

/** Between two blocks; for an estimate only. */
const BLOCK_SECONDS: Record<Network, number> = { tron: 3, ethereum: 12, bsc: 0.45 };
const JUST_PAID_MS = 15 * 60_000;
const MAX_NOTICES = 3;

/** Turns an invoice, and what came to its wallet without paying it, into what its pay page shows at a moment. */
export function payView(
  invoice: PayInvoice,
  { strays = [], orphaned = false }: { strays?: UnmatchedTransfer[]; orphaned?: boolean } = {},
  now = new Date(),
): PayView {
  const leftMs = invoice.expiresAt.getTime() - now.getTime();
  const { payment, network, merchant } = invoice;
  const isTest = invoice.mode === "test";
  const decimals = networkSpec(network).decimals;
  const asked = unitsToBase(invoice.amount, decimals);
  const state = stateOf(invoice, now);
  const closedAt = invoice.status === "cancelled" ? invoice.cancelledAt : invoice.expiredAt;
  const notices: PayNotice[] = strays.slice(0, MAX_NOTICES).flatMap(({ reason, value, txHash }) =>
    reason === "unknown"
      ? []
      : {
          reason,
          amountUsdt: formatBase(value, decimals),
          txHash,
          explorerUrl: isTest ? null : explorerUrl(network, txHash),
        },
  );
  if (orphaned && (state === "waiting" || state === "overdue")) notices.unshift({ reason: "orphaned" });
  return {
    ...payStatus(invoice, now),
    state,
    isFinal: isFinal(invoice),
    merchantName: merchant.name,
    title: invoice.title,
    description: invoice.description,
    networkLabel: labelOf(network),
    address: invoice.payoutAddress,
    amountAsked: invoice.amount === invoice.amountRequested ? null : formatAmount(invoice.amountRequested),
    isTest,
    secondsLeft: Math.max(0, Math.ceil(leftMs / 1000)),
    afterTime: state === "seen" && leftMs <= 0,
    amountPaid: payment && payment.value !== asked ? formatBase(payment.value, decimals) : null,
    acceptedByHand: invoice.resolution === "manual",
    paidAt: formatTimeOrNull(invoice.paidAt),
    closedAt: formatTimeOrNull(closedAt),
    minutesToConfirm: Math.max(1, Math.ceil((networkSpec(network).confirmations * BLOCK_SECONDS[network]) / 60)),
    explorerUrl: payment && !isTest ? explorerUrl(network, payment.txHash) : null,
    paymentUri: paymentUri(network, invoice.payoutAddress, asked),
    walletLinks: walletLinks(network, invoice.payoutAddress, invoice.amount),
    notices,
    returnUrl: httpUrl(invoice.returnUrl),
    returnsByItself: state === "confirmed" && now.getTime() - (invoice.paidAt?.getTime() ?? 0) < JUST_PAID_MS,
    whiteLabel: invoice.whiteLabel,
    accent: accentOf(merchant.accentColor),
    logoVersion: invoice.logoUpdatedAt?.getTime().toString(36) ?? null,
  };
}

function stateOf(invoice: PayInvoice, now: Date): PayState {
  // An expired invoice whose payment came to light late is being paid.
  if (invoice.payment && (invoice.status === "pending" || invoice.status === "expired")) return "seen";
  if (invoice.status !== "pending") return invoice.status;
  return invoice.expiresAt > now ? "waiting" : "overdue";
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
