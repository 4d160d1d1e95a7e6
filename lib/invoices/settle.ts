import type { InvoiceStatus } from "@/db/schema";

/** What settling needs to know of an invoice. */
export type SettleInvoice = { status: InvoiceStatus; expiresAt: Date };
/** The transfer that pays it, if any; `canonical` false: its block left the chain. */
export type SettlePayment = { blockNumber: number; blockTime: Date; canonical: boolean } | null;
/** The verified part of a chain: up to `scannedNumber` every transfer is stored and every block is linked to the next. */
export type ChainView = {
  scannedNumber: number;
  scannedTime: Date;
  /** The highest block that the network calls final; null: not known. */
  finalizedNumber: number | null;
  requiredConfirmations: number;
  finality: "depth" | "finalized";
};

export type Settlement =
  | { status: InvoiceStatus; change: null; confirmations: number }
  | { status: "confirmed"; change: "confirmed"; paidAt: Date; confirmations: number }
  | { status: "expired"; change: "expired"; confirmations: 0 };

/** Confirmations of a block, its own counted: 1 when it is the newest scanned one, 0 above that. */
export function confirmationsOf(blockNumber: number, scannedNumber: number | null): number {
  return scannedNumber === null ? 0 : Math.max(0, scannedNumber - blockNumber + 1);
}

/**
 * Decides what becomes of an invoice. Pure: the same chain gives the same answer, whenever it is asked.
 *
 * - A payment confirms it when it is deep enough and, where the network's rule says so, final. An expired invoice too: a
 *   payment inside its window that came to light late (a reorg at the last moment, a rescan) is still its payment.
 * - Without a payment it expires when the network has been scanned past `expiresAt`, by block time.
 * - A confirmed or cancelled invoice stays what it is.
 */
export function settle(invoice: SettleInvoice, payment: SettlePayment, view: ChainView): Settlement {
  const seen = payment?.canonical ? payment : null;
  const confirmations = seen ? confirmationsOf(seen.blockNumber, view.scannedNumber) : 0;
  const unchanged = { status: invoice.status, change: null, confirmations };
  if (invoice.status === "confirmed" || invoice.status === "cancelled") return unchanged;
  if (seen) {
    const deep = confirmations >= view.requiredConfirmations;
    const final =
      view.finality === "depth" || (view.finalizedNumber !== null && seen.blockNumber <= view.finalizedNumber);
    if (deep && final) return { status: "confirmed", change: "confirmed", paidAt: seen.blockTime, confirmations };
    return unchanged;
  }
  if (invoice.status === "pending" && view.scannedTime > invoice.expiresAt) {
    return { status: "expired", change: "expired", confirmations: 0 };
  }
  return unchanged;
}
