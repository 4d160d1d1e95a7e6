import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";
import type { Scope } from "./invoices";

export type UnmatchedReason = "underpaid" | "overpaid" | "late" | "duplicate" | "unknown";

export type UnmatchedTransfer = {
  id: string;
  merchantId: string;
  walletId: string;
  network: Network;
  mode: Mode;
  txHash: string;
  fromAddress: string;
  toAddress: string;
  value: bigint;
  blockNumber: number;
  blockTime: Date;
  reason: UnmatchedReason;
  likelyInvoiceId: string | null;
  likelyReference: string | null;
};

type Row = Record<string, string | null>;

/**
 * How many invoices a transfer's amount is compared with. A merchant reaches it with more open at a time; the nearest of so many
 * amounts would say little, and a page would cost whatever the merchant sells.
 */
const COMPARED = 1_000;

/** More than any two clocks differ by: a block's and the one that ids are made by. */
const CLOCKS_APART_MS = 3_600_000;

/** Below every id (UUID v7) made at a moment or later. */
export function lowestIdSince(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/**
 * Transfers to merchants' wallets that pay none of their invoices, the last stored first, each with the invoice it was probably
 * meant for and why it does not pay it:
 * - `duplicate`: the exact amount of an invoice that another transfer pays;
 * - `late`: the exact amount of an invoice whose time was over, or that was cancelled;
 * - `underpaid`, `overpaid`: made while an invoice was open whose amount is the nearest, within half and double of it, of the last
 *   thousand that the merchant had made;
 * - `unknown`: none of these.
 * An exact amount from more than a day before gives way to an invoice that was open: a shop asks for the same amounts again.
 * @param page.before the transfer that the page begins behind.
 */
export async function listUnmatched(
  db: Executor,
  where: {
    merchantId: string | null;
    mode: Mode | null;
    transferId?: string;
    network?: Network;
    /** Only those to this wallet. */
    walletId?: string;
    /** Only those in blocks of this moment and later, less the clocks' skew. */
    since?: Date;
  },
  page: { limit: number; before: string | null },
): Promise<UnmatchedTransfer[]> {
  const conditions = [
    sql`t.status = 'canonical'`,
    ...(where.merchantId === null ? [] : [sql`u.merchant_id = ${where.merchantId}::uuid`]),
    ...(where.mode === null ? [] : [sql`u.mode = ${where.mode}`]),
    ...(where.transferId === undefined ? [] : [sql`u.transfer_id = ${where.transferId}::uuid`]),
    ...(where.network === undefined ? [] : [sql`t.network = ${where.network}`]),
    ...(where.walletId === undefined
      ? []
      : [
          sql`(t.network, t.to_address_key) = (select network, address_key from wallets where id = ${where.walletId}::uuid)`,
        ]),
    ...(where.since === undefined
      ? []
      : [
          sql`t.block_time >= ${where.since.toISOString()}::timestamptz - interval '15 seconds'`,
          // Nothing is stored before its block: what else the wallet ever received is not read.
          sql`u.transfer_id > ${lowestIdSince(where.since.getTime() - CLOCKS_APART_MS)}::uuid`,
        ]),
    ...(page.before === null ? [] : [sql`u.transfer_id < ${page.before}::uuid`]),
  ];
  // An invoice's window is at most two hours long: what was made before is not looked at.
  const rows = await db.execute<Row>(sql`
    select t.id, w.merchant_id, w.id as wallet_id, t.network, t.mode, t.tx_hash, t.from_address, w.address,
      t.value::text as value, t.block_number::text as block_number,
      (extract(epoch from t.block_time) * 1000)::bigint::text as block_ms,
      case when exact.is_old and near.id is not null then near.reason else coalesce(exact.reason, near.reason, 'unknown') end as reason,
      case when exact.is_old and near.id is not null then near.id else coalesce(exact.id, near.id) end as invoice_id,
      case when exact.is_old and near.id is not null then near.reference else coalesce(exact.reference, near.reference) end
        as invoice_reference
    from (
      select u.transfer_id, u.merchant_id from unmatched_transfers u join transfers t on t.id = u.transfer_id
      where ${sql.join(conditions, sql` and `)}
      order by u.transfer_id desc limit ${page.limit}::int
    ) u
    join transfers t on t.id = u.transfer_id
    join wallets w on w.merchant_id = u.merchant_id and w.network = t.network and w.address_key = t.to_address_key
    left join lateral (
      select i.id, i.reference, i.expires_at < t.block_time - interval '1 day' as is_old,
        case when i.status <> 'cancelled' and exists (select 1 from payments p where p.invoice_id = i.id)
          then 'duplicate' else 'late' end as reason
      from invoices i
      where i.wallet_id = w.id and i.mode = t.mode and i.amount = t.units
        and i.created_at <= t.block_time + interval '15 seconds' and i.expires_at <= t.block_time + interval '1 day'
      order by i.expires_at desc limit 1
    ) exact on true
    left join lateral (
      select id, reference, case when t.value < base then 'underpaid' else 'overpaid' end as reason
      from (
        select id, reference, wallet_id, amount, expires_at from invoices
        where merchant_id = w.merchant_id and mode = t.mode and (exact.id is null or exact.is_old)
          and created_at between t.block_time - interval '7200 seconds' and t.block_time + interval '15 seconds'
        order by created_at desc, id desc limit ${COMPARED}::int
      ) latest, lateral (select amount * power(10::numeric, case when t.network = 'bsc' then 14 else 2 end) as base) priced
      where wallet_id = w.id and expires_at >= t.block_time and t.value between base / 2 and base * 2
      order by abs(t.value - base), id limit 1
    ) near on true
    order by t.id desc`);
  return rows.map((row) => ({
    id: row.id ?? "",
    merchantId: row.merchant_id ?? "",
    walletId: row.wallet_id ?? "",
    network: row.network as Network,
    mode: row.mode as Mode,
    txHash: row.tx_hash ?? "",
    fromAddress: row.from_address ?? "",
    toAddress: row.address ?? "",
    value: BigInt(row.value ?? 0),
    blockNumber: Number(row.block_number),
    blockTime: new Date(Number(row.block_ms)),
    reason: row.reason as UnmatchedReason,
    likelyInvoiceId: row.invoice_id ?? null,
    likelyReference: row.invoice_reference ?? null,
  }));
}

/** How many there are, counted up to `limit`. */
export async function countUnmatched(db: Executor, scope: Scope, limit: number): Promise<number> {
  const rows = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      select 1 from unmatched_transfers u join transfers t on t.id = u.transfer_id
      where u.merchant_id = ${scope.merchantId}::uuid and u.mode = ${scope.mode} and t.status = 'canonical'
      order by u.transfer_id desc limit ${limit}::int
    ) found`);
  return rows[0]?.count ?? 0;
}
