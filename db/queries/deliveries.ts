import { and, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { attempts, deliveries, events, invoices, merchants } from "@/db/schema";
import type { Scope } from "./invoices";

const inScope = (scope: Scope) => and(eq(deliveries.merchantId, scope.merchantId), eq(deliveries.mode, scope.mode));

export type Delivery = typeof deliveries.$inferSelect;

/** A delivery that this worker may send now, with what the request needs. */
export type ClaimedDelivery = Pick<Delivery, "id" | "merchantId" | "url" | "body" | "attemptsMade"> & {
  invoiceReference: string;
  webhookSecret: string;
  previousWebhookSecret: string | null;
};

/**
 * Claims deliveries that are due, at most `perMerchant` of each merchant, so that one slow receiver does not hold up the
 * others. A claim is a lease: whoever dies with it loses it when it runs out, and the next one sends.
 */
export async function claimDueDeliveries(
  db: Executor,
  options: { owner: string; limit: number; perMerchant: number; leaseSeconds: number; busyMerchants: string[] },
): Promise<ClaimedDelivery[]> {
  const due = sql`d.status = 'pending' and d.next_attempt_at <= now() and (d.lease_until is null or d.lease_until < now())`;
  const busy = sql`d.merchant_id <> all(${`{${options.busyMerchants.join(",")}}`}::uuid[])`;
  const claimed = await db.execute<{ id: string }>(sql`
    update ${deliveries} set lease_owner = ${options.owner}::uuid, lease_until = now() + make_interval(secs => ${options.leaseSeconds}::int)
    where id in (
      select d.id from ${deliveries} d
      where ${due} and ${busy} and d.id in (
        select id from (
          select d.id, row_number() over (partition by d.merchant_id order by d.next_attempt_at) as place
          from ${deliveries} d where ${due} and ${busy}
        ) ranked where place <= ${options.perMerchant}::int
      )
      order by d.next_attempt_at
      limit ${options.limit}::int
      for update skip locked
    )
    returning id`);
  if (claimed.length === 0) return [];
  const rows = await db
    .select({
      id: deliveries.id,
      merchantId: deliveries.merchantId,
      url: deliveries.url,
      body: deliveries.body,
      attemptsMade: deliveries.attemptsMade,
      invoiceReference: invoices.reference,
      webhookSecret: merchants.webhookSecret,
      previousWebhookSecret: sql<string | null>`case when ${merchants.previousWebhookSecretUntil} > now()
        then ${merchants.previousWebhookSecret} end`,
    })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(invoices, eq(invoices.id, events.invoiceId))
    .innerJoin(merchants, eq(merchants.id, deliveries.merchantId))
    .where(
      inArray(
        deliveries.id,
        claimed.map((row) => row.id),
      ),
    );
  return rows;
}

/** Keeps the leases of deliveries that are still being sent. */
export async function renewLeases(db: Executor, owner: string, ids: string[], leaseSeconds: number): Promise<void> {
  await db
    .update(deliveries)
    .set({ leaseUntil: sql`now() + make_interval(secs => ${leaseSeconds}::int)` })
    .where(and(inArray(deliveries.id, ids), eq(deliveries.leaseOwner, owner)));
}

/** Locks a delivery before its attempt is recorded. */
export async function lockDelivery(tx: Executor, id: string): Promise<Delivery | null> {
  const [row] = await tx.select().from(deliveries).where(eq(deliveries.id, id)).for("update");
  return row ?? null;
}

/** Adds an attempt under the next number; call it with the delivery locked. */
export async function insertAttempt(
  tx: Executor,
  attempt: Omit<typeof attempts.$inferInsert, "number">,
): Promise<void> {
  const next = sql`(select coalesce(max(${attempts.number}), 0) + 1 from ${attempts} where ${attempts.deliveryId} = ${attempt.deliveryId})`;
  await tx.insert(attempts).values({ ...attempt, number: next as unknown as number });
}

/** Ends a delivery, or sets when it is tried again, and gives its lease back. */
export async function updateDelivery(
  tx: Executor,
  id: string,
  change: Pick<Delivery, "status" | "attemptsMade" | "nextAttemptAt">,
): Promise<void> {
  await tx
    .update(deliveries)
    .set({
      ...change,
      leaseOwner: null,
      leaseUntil: null,
      completedAt: change.status === "pending" ? null : sql`now()`,
    })
    .where(eq(deliveries.id, id));
}

/**
 * Sends a delivery again by hand: due now, with a new round of retries, under the same id and with the same bytes.
 * @param scope whose it must be; left out: anybody's. @returns null where there is no such delivery.
 */
export async function resetDelivery(db: Executor, id: string, scope?: Scope): Promise<Delivery | null> {
  const [row] = await db
    .update(deliveries)
    .set({ status: "pending", attemptsMade: 0, nextAttemptAt: sql`now()`, completedAt: null })
    .where(and(eq(deliveries.id, id), scope && inScope(scope)))
    .returning();
  return row ?? null;
}
