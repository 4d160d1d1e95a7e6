import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import type { InvoiceStatus } from "@/db/schema";
import type { Network } from "@/lib/env";
import type { Scope } from "./invoices";

export type Tally = { status: InvoiceStatus; count: number; volume: bigint };

const FOLD_BATCH = 20_000;

/** Invoices of a merchant and mode by status, all of them or of one network. */
export function tallyInvoices(db: Executor, scope: Scope, network: Network | null): Promise<Tally[]> {
  const onNetwork = network === null ? sql`true` : sql`network = ${network}`;
  return read(
    db,
    sql`
      select status, count, volume from invoice_tallies
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and hour = '-infinity' and ${onNetwork}
      union all
      select status, count, volume from invoice_tally_changes
      where merchant_id = ${scope.merchantId} and mode = ${scope.mode} and ${onNetwork}`,
  );
}

/**
 * The same of invoices created at or after `from` and before `before` (null: without that end): whole hours from the tallies, what
 * is left of an hour at either end from the invoices.
 */
export function tallyInvoicesBetween(
  db: Executor,
  scope: Scope,
  network: Network | null,
  from: Date | null,
  before: Date | null,
): Promise<Tally[]> {
  const start = sql`${from?.toISOString() ?? "-infinity"}::timestamptz`;
  const end = sql`${before?.toISOString() ?? "infinity"}::timestamptz`;
  const firstHour = sql`date_trunc('hour', ${start}, 'UTC') + interval '1 hour'`;
  const endHour = sql`date_trunc('hour', ${end}, 'UTC')`;
  const inScope = sql`merchant_id = ${scope.merchantId} and mode = ${scope.mode} and ${network === null ? sql`true` : sql`network = ${network}`}`;
  // The hour -infinity stands for all of them.
  const wholeHours = sql`${inScope} and hour >= ${firstHour} and hour < ${endHour} and hour > '-infinity'`;
  return read(
    db,
    sql`
      select status, count, volume from invoice_tallies where ${wholeHours}
      union all
      select status, count, volume from invoice_tally_changes where ${wholeHours}
      union all
      select status, count(*)::bigint, sum(amount) from invoices
      where ${inScope} and created_at >= ${start} and created_at < least(${firstHour}, ${end})
      group by status
      union all
      select status, count(*)::bigint, sum(amount) from invoices
      where ${inScope} and created_at >= greatest(${firstHour}, ${endHour}) and created_at < ${end}
      group by status`,
  );
}

async function read(db: Executor, lines: ReturnType<typeof sql>): Promise<Tally[]> {
  const rows = await db.execute<{ status: InvoiceStatus; count: string; volume: string }>(sql`
    select status, sum(count)::text as count, sum(volume)::text as volume from (${lines}) as line group by status`);
  return rows.map((row) => ({ status: row.status, count: Number(row.count), volume: BigInt(row.volume) }));
}

/**
 * Folds recorded changes into the tallies: one statement, so a reader sees a change in one place or the other. Safe to run at
 * once: a change that another run holds is skipped.
 * @returns whether there may be more.
 */
export async function foldTallyChanges(db: Executor): Promise<boolean> {
  const rows = await db.execute<{ folded: number }>(sql`
    with taken as (
      delete from invoice_tally_changes
      where ctid = any(array(select ctid from invoice_tally_changes limit ${FOLD_BATCH}::int for update skip locked))
      returning *
    ), summed as (
      select merchant_id, mode, network, status, bucket as hour, sum(count) as count, sum(volume) as volume
      from taken, lateral (values (taken.hour), ('-infinity'::timestamptz)) as buckets(bucket)
      group by merchant_id, mode, network, status, bucket
    ), stored as (
      insert into invoice_tallies (merchant_id, mode, network, status, hour, count, volume)
      select merchant_id, mode, network, status, hour, count, volume from summed
      order by merchant_id, mode, hour, network, status
      on conflict (merchant_id, mode, hour, network, status)
      do update set count = invoice_tallies.count + excluded.count, volume = invoice_tallies.volume + excluded.volume
    )
    select count(*)::int as folded from taken`);
  return (rows[0]?.folded ?? 0) === FOLD_BATCH;
}
