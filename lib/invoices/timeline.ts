import { db } from "@/db/client";
import { type Attempt, type DeliverySummary, listDeliveriesOf } from "@/db/queries/delivery-list";
import type { InvoiceView, Scope } from "@/db/queries/invoices";
import { type AuditEntry, findInvoiceFacts } from "@/db/queries/timeline";
import { paymentProgress } from "./present";
import { getInvoice } from "./service";

/** Something that happened to an invoice. */
export type TimelineEntry = { at: Date } & (
  | { kind: "created" }
  | { kind: "opened" }
  | { kind: "seen"; txHash: string; from: string; confirmations: number; required: number }
  | { kind: "confirmed"; txHash: string | null; confirmations: number | null; manual: boolean }
  | { kind: "expired" }
  | { kind: "cancelled" }
  | { kind: "event"; type: string; announced: boolean }
  | { kind: "attempt"; delivery: DeliverySummary; attempt: Attempt }
  | { kind: "scheduled"; delivery: DeliverySummary }
  | { kind: "audit"; entry: AuditEntry }
);

export type InvoiceDetail = {
  invoice: InvoiceView;
  /** The oldest first. */
  timeline: TimelineEntry[];
  deliveries: DeliverySummary[];
};

/**
 * An invoice with everything that happened to it, from the rows that the happening left behind.
 * @throws {AppError} not_found, also for another merchant's and the other mode's.
 */
export async function getInvoiceDetail(scope: Scope, id: string, now = new Date()): Promise<InvoiceDetail> {
  const invoice = await getInvoice(scope, id);
  const [facts, sent] = await Promise.all([
    findInvoiceFacts(db(), scope, invoice.id),
    listDeliveriesOf(db(), scope, invoice.id),
  ]);
  const progress = paymentProgress(invoice, now);
  const entries: TimelineEntry[] = [{ kind: "created", at: invoice.createdAt }];
  if (facts.openedAt) entries.push({ kind: "opened", at: facts.openedAt });
  if (invoice.payment && progress) {
    entries.push({
      kind: "seen",
      at: invoice.payment.detectedAt,
      txHash: progress.txHash,
      from: progress.from,
      confirmations: progress.confirmations,
      required: progress.requiredConfirmations,
    });
  }
  if (facts.confirmedAt) {
    entries.push({
      kind: "confirmed",
      at: facts.confirmedAt,
      txHash: progress?.txHash ?? null,
      confirmations: invoice.payment?.confirmations ?? null,
      manual: invoice.resolution === "manual",
    });
  }
  if (invoice.expiredAt) entries.push({ kind: "expired", at: invoice.expiredAt });
  if (invoice.cancelledAt) entries.push({ kind: "cancelled", at: invoice.cancelledAt });
  const announced = new Set(sent.deliveries.map((delivery) => delivery.type));
  for (const event of facts.events) {
    entries.push({ kind: "event", at: event.createdAt, type: event.type, announced: announced.has(event.type) });
  }
  const byId = new Map(sent.deliveries.map((delivery) => [delivery.id, delivery]));
  for (const attempt of sent.attempts) {
    const delivery = byId.get(attempt.deliveryId);
    if (delivery) entries.push({ kind: "attempt", at: attempt.startedAt, delivery, attempt });
  }
  for (const delivery of sent.deliveries) {
    if (!delivery.nextAttemptAt) continue;
    // What is due is still to come: it stands last.
    const at = new Date(Math.max(delivery.nextAttemptAt.getTime(), now.getTime()));
    entries.push({ kind: "scheduled", at, delivery });
  }
  for (const entry of facts.audit) entries.push({ kind: "audit", at: entry.createdAt, entry });
  entries.sort((a, b) => a.at.getTime() - b.at.getTime() || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return { invoice, timeline: entries, deliveries: sent.deliveries };
}

/** What stands first of things that happened in the same millisecond: the cause before what followed from it. */
const ORDER: TimelineEntry["kind"][] = [
  "created",
  "opened",
  "audit",
  "seen",
  "confirmed",
  "expired",
  "cancelled",
  "event",
  "attempt",
  "scheduled",
];
