import { and, asc, eq, inArray, sql } from "drizzle-orm";
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
 * Claims deliveries that are due, so many of each merchant that one slow receiver does not hold up the others: of every merchant
 * the longest due first, then the second of each. A claim is a lease: whoever dies with it loses it when it runs out, and the
 * next one sends. The cost is by merchants that have something pending, not by how much: the walk over them reads one index
 * entry of each (deliveries_by_share), which PostgreSQL would not do for a "distinct".
 * @param options.rooms how many more these merchants may have on their way; the others, `perMerchant`.
 */
export async function claimDueDeliveries(
  db: Executor,
  options: { owner: string; limit: number; perMerchant: number; rooms: Map<string, number>; leaseSeconds: number },
): Promise<ClaimedDelivery[]> {
  const due = sql`d.status = 'pending' and d.next_attempt_at <= now() and (d.lease_until is null or d.lease_until < now())`;
  const claimed = await db.execute<{ id: string }>(sql`
    with recursive waiting as (
      (select d.merchant_id from ${deliveries} d where d.status = 'pending' order by d.merchant_id limit 1)
      union all
      select (select d.merchant_id from ${deliveries} d where d.status = 'pending' and d.merchant_id > waiting.merchant_id
        order by d.merchant_id limit 1)
      from waiting where waiting.merchant_id is not null
    ), rooms as (
      select key::uuid as merchant_id, value::int as room
      from json_each_text(${JSON.stringify(Object.fromEntries(options.rooms))}::json)
    ), chosen as (
      select next.id
      from waiting left join rooms using (merchant_id),
      lateral (
        select d.id, d.next_attempt_at, row_number() over (order by d.next_attempt_at) as place
        from ${deliveries} d where ${due} and d.merchant_id = waiting.merchant_id
        order by d.next_attempt_at limit coalesce(rooms.room, ${options.perMerchant}::int)
      ) next
      order by next.place, next.next_attempt_at
      limit ${options.limit}::int
    )
    update ${deliveries} set lease_owner = ${options.owner}::uuid, lease_until = now() + make_interval(secs => ${options.leaseSeconds}::int)
    where id in (select d.id from ${deliveries} d where d.id in (select id from chosen) and ${due} for update skip locked)
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

export type NewAttempt = Omit<typeof attempts.$inferInsert, "number">;
/** What follows from an attempt. */
export type Decision = Pick<Delivery, "status" | "nextAttemptAt">;

/**
 * Records attempts, at most one of a delivery, under their next numbers, and what follows from each; gives the leases back.
 * @param decide is told how many attempts of the present round there are with this one.
 * @returns the status of each delivery after it.
 */
export async function recordAttempts(
  db: Executor,
  made: NewAttempt[],
  decide: (deliveryId: string, attemptsMade: number) => Decision,
): Promise<Map<string, Delivery["status"]>> {
  return await db.transaction(async (tx) => {
    const locked = await tx
      .select({ id: deliveries.id, status: deliveries.status, attemptsMade: deliveries.attemptsMade })
      .from(deliveries)
      .where(
        inArray(
          deliveries.id,
          made.map((attempt) => attempt.deliveryId),
        ),
      )
      .orderBy(asc(deliveries.id))
      .for("update");
    const known = new Set(locked.map((row) => row.id));
    const rows = made.filter((attempt) => known.has(attempt.deliveryId));
    // Where another attempt has decided already, after a lost lease, one thing is left to say: that it has arrived after all.
    const changes = locked
      .map(({ id, status, attemptsMade }) => ({
        id,
        was: status,
        made: attemptsMade + 1,
        ...decide(id, attemptsMade + 1),
      }))
      .filter(({ was, status }) => was === "pending" || (was === "failed" && status === "delivered"));
    await tx.execute(sql`
      with made as (
        select * from json_to_recordset(${JSON.stringify(rows)}::json) as made(
          "deliveryId" uuid, "startedAt" timestamptz, "statusCode" int, "responseBody" text, "latencyMs" int, error text)
      ), added as (
        insert into ${attempts} (delivery_id, number, started_at, status_code, response_body, latency_ms, error)
        select "deliveryId", coalesce((select max(number) from ${attempts} a where a.delivery_id = "deliveryId"), 0) + 1,
          "startedAt", "statusCode", "responseBody", "latencyMs", error
        from made
      )
      update ${deliveries} set status = change.status, attempts_made = change.made, next_attempt_at = change."nextAttemptAt",
        lease_owner = null, lease_until = null, completed_at = case when change.status = 'pending' then null else now() end
      from json_to_recordset(${JSON.stringify(changes)}::json) as change(
        id uuid, status text, made int, "nextAttemptAt" timestamptz)
      where deliveries.id = change.id`);
    const decided = new Map(changes.map(({ id, status }) => [id, status]));
    return new Map(locked.map(({ id, status }) => [id, decided.get(id) ?? status]));
  });
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
