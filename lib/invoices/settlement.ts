import { db } from "@/db/client";
import {
  type DeepPayment,
  listDeepPayments,
  listExpirable,
  lockSettleable,
  markConfirmed,
  markExpired,
  type Settleable,
  webhookUrlsOf,
} from "@/db/queries/settlement";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/chains/networks";
import { nudge } from "@/lib/jobs/nudge";
import { log } from "@/lib/log";
import { emitEvent } from "@/lib/webhooks/events";
import { type ChainView, settle } from "./settle";

const BATCH = 100;

/** Which of these payments may be confirmed: for a network that wants them checked once more before. */
export type Approval = (payments: DeepPayment[]) => Promise<Set<string>>;

/**
 * Applies `settle` to the invoices of a network that may change: those with a payment deep enough to look at, and those
 * whose time is over. The status change, the event and the delivery are one transaction. Idempotent, safe to run anywhere.
 * @param view what was scanned before the latest matching ran: a transfer that is stored but not yet matched must not see
 * its invoice expire.
 * @param approve returns the ids of the invoices whose payment it vouches for; all of them if left out.
 */
export async function settleInvoices(network: Network, mode: Mode, view: ChainView, approve?: Approval): Promise<void> {
  const deepestBlock = view.scannedNumber - view.requiredConfirmations + 1;
  const finalBlock = view.finality === "finalized" ? (view.finalizedNumber ?? -1) : deepestBlock;
  // Each batch begins after the one before it: payments that are held back, however many, do not hold up those behind them.
  for (let after: DeepPayment | null = null; ; ) {
    const deep = await listDeepPayments(db(), network, mode, Math.min(deepestBlock, finalBlock), BATCH, after);
    if (deep.length === 0) break;
    const approved = await approve?.(deep);
    const ids = deep.map((payment) => payment.invoiceId);
    await applyAll(approved ? ids.filter((id) => approved.has(id)) : ids, view);
    if (deep.length < BATCH) break;
    after = deep.at(-1) ?? null;
  }
  for (;;) {
    const ids = await listExpirable(db(), network, mode, view.scannedTime, BATCH);
    // Nothing changed: another worker did these, and the next tick sees what is left.
    if ((await applyAll(ids, view)) === 0 || ids.length < BATCH) return;
  }
}

/** @returns how many of the invoices changed. */
async function applyAll(ids: string[], view: ChainView): Promise<number> {
  if (ids.length === 0) return 0;
  const changed = await db().transaction(async (tx) => {
    const found = await lockSettleable(tx, ids);
    const urls = await webhookUrlsOf(tx, [...new Set(found.map((entry) => entry.invoice.merchantId))]);
    let changes = 0;
    for (const entry of found) {
      if (await apply(tx, entry, view, urls.get(entry.invoice.merchantId) ?? null)) changes++;
    }
    return changes;
  });
  if (changed > 0) nudge("deliver");
  return changed;
}

async function apply(
  tx: Parameters<typeof lockSettleable>[0],
  { invoice, transfer }: Settleable,
  view: ChainView,
  defaultUrl: string | null,
): Promise<boolean> {
  const payment = transfer && { ...transfer, canonical: transfer.status === "canonical" };
  const settlement = settle(invoice, payment, view);
  if (settlement.change === null) return false;
  if (settlement.change === "confirmed") {
    const { paidAt, confirmations } = settlement;
    await markConfirmed(tx, invoice.id, paidAt, confirmations, "automatic");
    const after = { ...invoice, status: "confirmed" as const, paidAt, resolution: "automatic" as const };
    await emitEvent(tx, "invoice.confirmed", after, transfer?.txHash ?? null, defaultUrl);
  } else {
    await markExpired(tx, [invoice.id]);
    await emitEvent(tx, "invoice.expired", { ...invoice, status: "expired" }, null, defaultUrl);
  }
  log.info({ invoiceId: invoice.id, status: settlement.status, txHash: transfer?.txHash }, "invoice settled");
  return true;
}
