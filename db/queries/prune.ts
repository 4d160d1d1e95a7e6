import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { amountSlots, apiLogs, attempts, deliveries, idempotencyKeys, simulations } from "@/db/schema";

/**
 * What is kept for a time only is deleted here, a batch at a time: so many rows that a batch costs milliseconds, and so few that it
 * holds no lock for long. Old rows are found through keys that exist anyway: ids are UUIDs of version 7, so an age is a bound.
 * Money is never among it: invoices, transfers, payments, their events and the audit log stay.
 */
export const BATCH = 5_000;

/** How long. Days. */
export const KEPT_DAYS = { apiLogs: 30, deliveries: 90, simulations: 30 };

/** The lowest id (RFC 9562 §5.7) that could have been made `days` ago. */
const idBefore = (days: number) =>
  sql`(lpad(to_hex((extract(epoch from now() - make_interval(days => ${days}::int)) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

/**
 * Deletes a batch of everything that has had its time. Safe at once with itself and with everything else: rows that somebody holds
 * are skipped.
 * @returns whether there may be more.
 */
export async function prune(db: Executor, kept = KEPT_DAYS): Promise<boolean> {
  let more = false;
  for (const statement of [oldLogs, oldDeliveries, oldSimulations, oldResponses, freeSlots]) {
    const rows = await db.execute<{ gone: number }>(
      sql`with ${statement(kept)} select count(*)::int as gone from gone`,
    );
    if ((rows[0]?.gone ?? 0) >= BATCH) more = true;
  }
  return more;
}

const oldLogs = (kept: typeof KEPT_DAYS) => sql`
  gone as (
    delete from ${apiLogs} where id in (
      select id from ${apiLogs} l where l.id < ${idBefore(kept.apiLogs)} order by l.id limit ${BATCH}::int
      for update skip locked
    ) returning 1
  )`;

/** With their attempts. One that was sent again by hand counts from then. */
const oldDeliveries = (kept: typeof KEPT_DAYS) => sql`
  old as (
    select id from ${deliveries} d
    where d.id < ${idBefore(kept.deliveries)} and d.status <> 'pending'
      and d.completed_at < now() - make_interval(days => ${kept.deliveries}::int)
    order by d.id limit ${BATCH}::int for update skip locked
  ), without_attempts as (
    delete from ${attempts} where delivery_id in (select id from old)
  ), gone as (
    delete from ${deliveries} where id in (select id from old) returning 1
  )`;

const oldSimulations = (kept: typeof KEPT_DAYS) => sql`
  gone as (
    delete from ${simulations} where id in (
      select id from ${simulations} s where s.id < ${idBefore(kept.simulations)} and s.done_at is not null
      order by s.id limit ${BATCH}::int for update skip locked
    ) returning 1
  )`;

const oldResponses = () => sql`
  gone as (
    delete from ${idempotencyKeys} where (merchant_id, mode, key) in (
      select merchant_id, mode, key from ${idempotencyKeys} k where k.created_at < now() - interval '24 hours'
      order by k.created_at limit ${BATCH}::int for update skip locked
    ) returning 1
  )`;

/**
 * Amounts that nobody holds any more. A slot that is over means the same as none: whoever takes the amount writes the row, or
 * writes it anew. There is no index by time, which every creation would pay for: what is held at a time is little, and all that is
 * read here.
 */
const freeSlots = () => sql`
  gone as (
    delete from ${amountSlots} where ctid = any(array(
      select s.ctid from ${amountSlots} s where s.held_until < now() - interval '1 hour' limit ${BATCH}::int
      for update skip locked
    )) returning 1
  )`;
