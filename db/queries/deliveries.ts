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
  return await listClaimed(
    db,
    claimed.map((row) => row.id),
  );
}

/** Claims one delivery, if it is due and nobody else has it. */
export async function claimDelivery(
  db: Executor,
  id: string,
  owner: string,
  leaseSeconds: number,
): Promise<ClaimedDelivery | null> {
  const claimed = await db
    .update(deliveries)
    .set({ leaseOwner: owner, leaseUntil: sql`now() + make_interval(secs => ${leaseSeconds}::int)` })
    .where(
      and(
        eq(deliveries.id, id),
        eq(deliveries.status, "pending"),
        sql`${deliveries.nextAttemptAt} <= now()`,
        sql`(${deliveries.leaseUntil} is null or ${deliveries.leaseUntil} < now())`,
      ),
    )
    .returning({ id: deliveries.id });
  if (claimed.length === 0) return null;
  const [row] = await listClaimed(db, [id]);
  return row ?? null;
}

async function listClaimed(db: Executor, ids: string[]): Promise<ClaimedDelivery[]> {
  if (ids.length === 0) return [];
  return await db
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
    .where(inArray(deliveries.id, ids));
}

/** When a delivery can be claimed: its due time, or the end of another's lease if that is later. Null when it is over. */
export async function findDeliveryTime(db: Executor, id: string): Promise<Date | null> {
  const [row] = await db
    .select({ dueAt: deliveries.nextAttemptAt, leaseUntil: deliveries.leaseUntil })
    .from(deliveries)
    .where(eq(deliveries.id, id));
  if (!row?.dueAt) return null;
  return row.leaseUntil && row.leaseUntil > row.dueAt ? row.leaseUntil : row.dueAt;
}

export type WaitingDelivery = { id: string; merchantId: string; dueAt: Date };

/**
 * Deliveries that are due and that nobody has claimed, at most `perMerchant` of each merchant: one with a thousand of them must
 * not hide the others.
 * @param options.overdueSeconds only those that have been due for so long.
 * @param options.firstAttempts only those of which no attempt was made yet.
 */
export async function listWaitingDeliveries(
  db: Executor,
  options: { overdueSeconds: number; firstAttempts: boolean; perMerchant: number; limit: number },
): Promise<WaitingDelivery[]> {
  const rows = await db.execute<{ id: string; merchant_id: string; due_ms: string }>(sql`
    select id, merchant_id, extract(epoch from next_attempt_at) * 1000 as due_ms from (
      select d.id, d.merchant_id, d.next_attempt_at,
        row_number() over (partition by d.merchant_id order by d.next_attempt_at) as place
      from ${deliveries} d
      where d.status = 'pending' and d.next_attempt_at <= now() - make_interval(secs => ${options.overdueSeconds}::int)
        and (d.lease_until is null or d.lease_until < now())
        and (d.attempts_made = 0 or not ${options.firstAttempts}::boolean)
    ) ranked
    where place <= ${options.perMerchant}::int
    order by next_attempt_at
    limit ${options.limit}::int`);
  return rows.map((row) => ({ id: row.id, merchantId: row.merchant_id, dueAt: new Date(Number(row.due_ms)) }));
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
