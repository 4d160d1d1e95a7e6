import { and, asc, eq, inArray } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { auditLog, deliveries, events, invoiceOpenings, payments } from "@/db/schema";
import type { Scope } from "./invoices";

export type AuditEntry = typeof auditLog.$inferSelect;
export type EventRow = typeof events.$inferSelect;

/** What is known of an invoice's past beside the invoice, its payment and its deliveries. The caller has checked whose it is. */
export async function findInvoiceFacts(
  db: Executor,
  scope: Scope,
  invoiceId: string,
): Promise<{ openedAt: Date | null; confirmedAt: Date | null; events: EventRow[]; audit: AuditEntry[] }> {
  const [[opening], [payment], happened, sent] = await Promise.all([
    db.select().from(invoiceOpenings).where(eq(invoiceOpenings.invoiceId, invoiceId)),
    db
      .select({ confirmedAt: payments.confirmedAt, transferId: payments.transferId })
      .from(payments)
      .where(eq(payments.invoiceId, invoiceId)),
    db.select().from(events).where(eq(events.invoiceId, invoiceId)).orderBy(asc(events.createdAt)),
    db
      .select({ id: deliveries.id })
      .from(deliveries)
      .innerJoin(events, eq(events.id, deliveries.eventId))
      .where(eq(events.invoiceId, invoiceId)),
  ]);
  // What was done by hand is recorded under the thing it was done to: the invoice, the transfer, the delivery.
  const targets = [invoiceId, ...(payment ? [payment.transferId] : []), ...sent.map((delivery) => delivery.id)];
  const audit = await db
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.merchantId, scope.merchantId), inArray(auditLog.target, targets)))
    .orderBy(asc(auditLog.createdAt));
  return {
    openedAt: opening?.openedAt ?? null,
    confirmedAt: payment?.confirmedAt ?? null,
    events: happened,
    audit,
  };
}
