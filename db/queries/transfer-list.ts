import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import type { Network } from "@/lib/env";
import type { Scope } from "./invoices";

/** A transfer to one of a merchant's wallets, with the invoice that it pays, if any. */
export type TransferRow = {
  id: string;
  network: Network;
  txHash: string;
  fromAddress: string;
  walletId: string;
  toAddress: string;
  walletLabel: string | null;
  value: bigint;
  blockNumber: number;
  blockTime: Date;
  status: "canonical" | "orphaned" | "failed";
  invoiceId: string | null;
  invoiceReference: string | null;
  confirmed: boolean;
};

export type TransferFilter = {
  network?: Network;
  walletId?: string;
  /** A transaction in the spellings that networks use. */
  hashes?: string[];
  sender?: string;
};

/** Transfers to a merchant's wallets, newest block first, behind a place. Each wallet gives its own newest ones, from its index. */
export async function listTransfers(
  db: Executor,
  scope: Scope,
  filter: TransferFilter,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<TransferRow[]> {
  const behind = page.after
    ? sql`and (t.block_time, t.id) < (${page.after.createdAt.toISOString()}::timestamptz, ${page.after.id}::uuid)`
    : sql``;
  const wallets = sql`w.merchant_id = ${scope.merchantId}
    ${filter.network ? sql`and w.network = ${filter.network}` : sql``}
    ${filter.walletId ? sql`and w.id = ${filter.walletId}::uuid` : sql``}`;
  const mine = sql`(t.merchant_id is null or t.merchant_id = ${scope.merchantId})`;
  const columns = sql`t.id, t.network, t.tx_hash, t.from_address, t.value, t.block_number, t.block_time, t.status`;
  const found = filter.hashes
    ? sql`select ${columns}, w.id as wallet_id, w.address, w.label from transfers t
        join wallets w on w.network = t.network and w.address_key = t.to_address_key and ${wallets}
        where t.mode = ${scope.mode} and t.network in ('tron', 'ethereum', 'bsc')
          and t.tx_hash in (${sql.join(
            filter.hashes.map((hash) => sql`${hash}`),
            sql`, `,
          )}) and ${mine} ${behind}`
    : sql`select t.*, w.id as wallet_id, w.address, w.label from wallets w cross join lateral (
          select ${columns} from transfers t
          where t.mode = ${scope.mode} and t.network = w.network and t.to_address_key = w.address_key and ${mine} ${behind}
            ${filter.sender ? sql`and t.from_address = ${filter.sender}` : sql``}
          order by t.block_time desc, t.id desc limit ${page.limit}::int
        ) t where ${wallets}`;
  const rows = await db.execute<Record<string, string | boolean | null>>(sql`
    select f.id, f.network, f.tx_hash, f.from_address, f.wallet_id, f.address, f.label, f.value::text as value,
      f.block_number::text as block_number, (extract(epoch from f.block_time) * 1000)::bigint::text as block_ms, f.status,
      i.id as invoice_id, i.reference, p.confirmed_at is not null as confirmed
    from (select * from (${found}) found order by block_time desc, id desc limit ${page.limit}::int) f
    left join payments p on p.transfer_id = f.id and p.merchant_id = ${scope.merchantId}
    left join invoices i on i.id = p.invoice_id
    order by f.block_time desc, f.id desc`);
  return rows.map((row) => ({
    id: String(row.id),
    network: row.network as Network,
    txHash: String(row.tx_hash),
    fromAddress: String(row.from_address),
    walletId: String(row.wallet_id),
    toAddress: String(row.address),
    walletLabel: row.label === null ? null : String(row.label),
    value: BigInt(String(row.value)),
    blockNumber: Number(row.block_number),
    blockTime: new Date(Number(row.block_ms)),
    status: row.status as TransferRow["status"],
    invoiceId: row.invoice_id === null ? null : String(row.invoice_id),
    invoiceReference: row.reference === null ? null : String(row.reference),
    confirmed: row.confirmed === true,
  }));
}
