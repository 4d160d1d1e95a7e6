import { and, asc, desc, eq, gte, inArray, lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { attempts, deliveries, type EventType, events, invoices } from "@/db/schema";
import type { Delivery } from "./deliveries";
import type { Scope } from "./invoices";

export type Attempt = typeof attempts.$inferSelect;

/** A delivery with what it tells of, without its bytes. */
export type DeliverySummary = Pick<
  Delivery,
  "id" | "url" | "status" | "attemptsMade" | "nextAttemptAt" | "createdAt" | "completedAt"
> & {
  type: EventType;
  invoiceId: string;
  invoiceReference: string;
};

export type DeliveryFilter = {
  status?: Delivery["status"];
  /** The invoices that it is about: those whose reference is this. */
  reference?: string;
  from?: Date;
  before?: Date;
};

const SUMMARY = {
  id: deliveries.id,
  url: deliveries.url,
  status: deliveries.status,
  attemptsMade: deliveries.attemptsMade,
  nextAttemptAt: deliveries.nextAttemptAt,
  createdAt: deliveries.createdAt,
  completedAt: deliveries.completedAt,
  type: events.type,
  invoiceId: events.invoiceId,
  invoiceReference: invoices.reference,
};

const inScope = (scope: Scope) => and(eq(deliveries.merchantId, scope.merchantId), eq(deliveries.mode, scope.mode));

const select = (db: Executor) =>
  db
    .select(SUMMARY)
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(invoices, eq(invoices.id, events.invoiceId));

/** Deliveries of a merchant and mode, newest first, behind a place. */
export function listDeliveries(
  db: Executor,
  scope: Scope,
  filter: DeliveryFilter,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<DeliverySummary[]> {
  const { reference } = filter;
  const ofInvoice =
    reference === undefined
      ? undefined
      : inArray(
          deliveries.eventId,
          db
            .select({ id: events.id })
            .from(events)
            .innerJoin(invoices, eq(invoices.id, events.invoiceId))
            .where(
              and(
                eq(invoices.merchantId, scope.merchantId),
                eq(invoices.mode, scope.mode),
                eq(invoices.reference, reference),
              ),
            ),
        );
  const after = page.after
    ? sql`(${deliveries.createdAt}, ${deliveries.id}) < (${page.after.createdAt.toISOString()}::timestamptz, ${page.after.id}::uuid)`
    : undefined;
  return select(db)
    .where(
      and(
        inScope(scope),
        filter.status && eq(deliveries.status, filter.status),
        // Said again for the planner: the index of what is not delivered asks for it word by word.
        filter.status && filter.status !== "delivered" ? sql`${deliveries.status} <> 'delivered'` : undefined,
        filter.from && gte(deliveries.createdAt, filter.from),
        filter.before && lt(deliveries.createdAt, filter.before),
        // A bound that the index can use; the one on both columns is exact.
        page.after ? sql`${deliveries.createdAt} <= ${page.after.createdAt.toISOString()}::timestamptz` : undefined,
        ofInvoice,
        after,
      ),
    )
    .orderBy(desc(deliveries.createdAt), desc(deliveries.id))
    .limit(page.limit);
}

/** All deliveries about an invoice, the oldest first, with every attempt. */
export async function listDeliveriesOf(
  db: Executor,
  scope: Scope,
  invoiceId: string,
): Promise<{ deliveries: DeliverySummary[]; attempts: Attempt[] }> {
  const found = await select(db)
    .where(and(inScope(scope), eq(events.invoiceId, invoiceId)))
    .orderBy(asc(deliveries.createdAt));
  return {
    deliveries: found,
    attempts: await listAttempts(
      db,
      found.map(({ id }) => id),
    ),
  };
}

/** One delivery with its bytes, or null. */
export async function findDelivery(
  db: Executor,
  scope: Scope,
  id: string,
): Promise<(DeliverySummary & { body: string }) | null> {
  const [row] = await db
    .select({ ...SUMMARY, body: deliveries.body })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(invoices, eq(invoices.id, events.invoiceId))
    .where(and(inScope(scope), eq(deliveries.id, id)));
  return row ?? null;
}

/** The attempts of deliveries in the order they were made. */
export async function listAttempts(db: Executor, deliveryIds: string[]): Promise<Attempt[]> {
  if (deliveryIds.length === 0) return [];
  return await db
    .select()
    .from(attempts)
    .where(inArray(attempts.deliveryId, deliveryIds))
    .orderBy(asc(attempts.startedAt), asc(attempts.number));
}
