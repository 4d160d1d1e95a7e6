import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import type { InvoiceStatus } from "@/db/schema";
import type { Network } from "@/lib/env";
import type { Scope } from "./invoices";

/** Invoices that were created within a day or an hour, by network and status. */
export type BucketTally = { at: Date; network: Network; status: InvoiceStatus; count: number; volume: bigint };

/**
 * Counts the invoices created since a moment, by day in a time zone or by hour. Hours come from the tallies; of one that a day's
 * border cuts in two (in zones such as +05:30), the invoices behind the border are counted and moved to the day they belong to.
 * @param from the start of a day there, or of an hour.
 */
export async function tallyByTime(
  db: Executor,
  scope: Scope,
  from: Date,
  unit: "hour" | "day",
  timeZone: string,
): Promise<BucketTally[]> {
  const since = sql`${from.toISOString()}::timestamptz`;
  // A plain hour of the clock, wherever: the tallies know no others.
  const bucket = (at: ReturnType<typeof sql>) =>
    unit === "hour" ? sql`date_trunc('hour', ${at}, 'UTC')` : sql`date_trunc('day', ${at}, ${timeZone})`;
  const rows = await db.execute<{
    ms: number;
    network: Network;
    status: InvoiceStatus;
    count: string;
    volume: string;
  }>(sql`
    with border as (
      select at, date_trunc('hour', at, 'UTC') as hour
      from (
        select local at time zone ${timeZone} as at
        from generate_series(${since} at time zone ${timeZone}, now() at time zone ${timeZone}, interval '1 day') as local
      ) days
      where ${unit === "day"} and at <> date_trunc('hour', at, 'UTC')
    ), behind as (
      select border.at, border.hour, cut.* from border, lateral (
        select network, status, count(*) as count, sum(amount) as volume from invoices
        where merchant_id = ${scope.merchantId} and mode = ${scope.mode}
          and created_at >= border.at and created_at < border.hour + interval '1 hour'
        group by network, status
      ) cut
    ), line as (
      select hour as at, network, status, count, volume from invoice_tallies
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and hour >= ${since}
      union all
      select hour, network, status, count, volume from invoice_tally_changes
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and hour >= ${since}
      union all
      select at, network, status, count, volume from behind
      union all
      select hour, network, status, -count, -volume from behind where hour >= ${since}
    )
    select (extract(epoch from bucket) * 1000)::float8 as ms, network, status, sum(count)::text as count, sum(volume)::text as volume
    from (select ${bucket(sql`at`)} as bucket, network, status, count, volume from line) as bucketed
    group by bucket, network, status having sum(count) <> 0 order by bucket`);
  return rows.map((row) => ({
    at: new Date(row.ms),
    network: row.network,
    status: row.status,
    count: Number(row.count),
    volume: BigInt(row.volume),
  }));
}

/**
 * How long the latest paid invoices took from their creation to the block that paid them: the median in seconds, and of how
 * many; null where none was paid since `from`.
 */
export async function medianSecondsToPay(
  db: Executor,
  scope: Scope,
  from: Date,
  latest: number,
): Promise<{ seconds: number; of: number } | null> {
  const rows = await db.execute<{ seconds: number | null; of: number }>(sql`
    select percentile_cont(0.5) within group (order by greatest(0, extract(epoch from paid_at - created_at)))::float8 as seconds,
      count(*)::int as of
    from (
      select paid_at, created_at from invoices
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and status = 'confirmed'
        and created_at >= ${from.toISOString()}::timestamptz
      order by created_at desc, id desc limit ${latest}::int
    ) as paid`);
  const row = rows[0];
  return row && row.seconds !== null ? { seconds: row.seconds, of: row.of } : null;
}

/** Deliveries given up since a moment, counted up to `limit`. */
export async function countFailedDeliveries(db: Executor, scope: Scope, since: Date, limit: number): Promise<number> {
  const rows = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      select 1 from deliveries
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and status = 'failed'
        and created_at >= ${since.toISOString()}::timestamptz
      limit ${limit}::int
    ) as failed`);
  return rows[0]?.count ?? 0;
}

/** Deliveries that failed at least twice and are tried again, counted up to `limit`. */
export async function countStrugglingDeliveries(db: Executor, scope: Scope, limit: number): Promise<number> {
  const rows = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      select 1 from deliveries
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and status = 'pending' and attempts_made >= 2
      limit ${limit}::int
    ) as struggling`);
  return rows[0]?.count ?? 0;
}

/** An amount that many open invoices crowd around on a wallet: how many of the places from it upwards are taken. */
export type CrowdedAmount = { walletId: string; amount: bigint; taken: number };

/**
 * For each wallet the asked amount with the most places taken above it, out of the amounts asked for lately (the last
 * `lookAt` open invoices). A place is a step of 0.0001 USDT within the merchant's adjustment limit.
 */
export async function listCrowdedAmounts(
  db: Executor,
  scope: Scope,
  adjustmentLimit: bigint,
  lookAt: number,
): Promise<CrowdedAmount[]> {
  const rows = await db.execute<{ wallet_id: string; amount: string; taken: number }>(sql`
    with asked as (
      select wallet_id, amount_requested as amount, count(*) as open from (
        select wallet_id, amount_requested from invoices
        where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and status = 'pending'
        order by created_at desc, id desc limit ${lookAt}::int
      ) as latest
      group by wallet_id, amount_requested order by open desc limit 20
    )
    select distinct on (wallet_id) wallet_id, amount::text as amount, taken from (
      select asked.wallet_id, asked.amount, (
        select count(*)::int from amount_slots
        where amount_slots.wallet_id = asked.wallet_id and mode = ${scope.mode} and held_until > now()
          and amount_slots.amount between asked.amount and asked.amount + ${adjustmentLimit.toString()}::bigint
      ) as taken
      from asked
    ) as counted
    order by wallet_id, taken desc`);
  return rows.map((row) => ({ walletId: row.wallet_id, amount: BigInt(row.amount), taken: row.taken }));
}
