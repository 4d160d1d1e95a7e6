/** What several benches need: a merchant with a wallet on a running gateway, and requests to it. */

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import { connect } from "@/db/connect";
import type { Gateway } from "@/e2e/gateway";

export type Merchant = { merchantId: string; testKey: string; liveKey: string; webhookSecret: string };

export const randomAddress = (): `0x${string}` => `0x${randomBytes(20).toString("hex")}`;

/** Creates a merchant with one wallet on each of these networks. */
export async function newMerchant(gateway: Gateway, networks: readonly string[]): Promise<Merchant> {
  const email = `${randomBytes(8).toString("hex")}@example.com`;
  const merchant = await gateway.admin<Merchant>("merchant:create", "--email", email, "--name", "Bench");
  for (const network of networks) {
    const args = ["--merchant", merchant.merchantId, "--network", network, "--address", randomAddress()];
    await gateway.admin("wallet:add", ...args);
  }
  return merchant;
}

/** A request to the API. @throws Error with the answer where it is not a success. */
export async function request<T>(
  gateway: Gateway,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

/** Runs something with a connection to the gateway's database. */
export async function withSql<T>(gateway: Gateway, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = connect(gateway.databaseUrl(), { max: 1 });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

/**
 * Puts so many open invoices on the wallets of a database's ethereum watch list, in turns. The first of each wallet asks for 100
 * USDT, the next for 0.0010 more, and so on.
 */
export async function openInvoices(sql: postgres.Sql, count: number): Promise<void> {
  await sql.begin(async (tx) => {
    // Neither foreign keys nor the tally trigger: what goes in is consistent, and nobody counts it.
    await tx`set local session_replication_role = replica`;
    await tx`set local statement_timeout = 0`;
    await tx`
      insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested,
        amount, created_at, expires_at)
      select uuidv7(), merchant_id, 'live', wallets.id, 'ethereum', address, 'OPEN-' || n, 'OPEN-' || n, asked, asked,
        now(), date_trunc('second', now()) + interval '2 hours'
      from generate_series(0, ${count}::int - 1) as n
        join (select *, row_number() over (order by watch_seq) - 1 as place, count(*) over () as wallet_count from wallets
          where network = 'ethereum') as wallets on place = n % wallet_count,
        lateral (select 1000000 + (n / wallet_count) * 10 as asked) as amounts`;
  });
  await sql`vacuum analyze`;
  await sql`checkpoint`;
}

/** The last block that the gateway has read on Ethereum; -1 before the first. */
export async function scanned(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ n: number | null }[]>`
    select scanned_number::int as n from network_cursors where network = 'ethereum' and mode = 'live'`;
  return row?.n ?? -1;
}

export async function untilScanned(gateway: Gateway, number: number): Promise<void> {
  await withSql(gateway, async (sql) => {
    while ((await scanned(sql)) < number) await sleep(20);
  });
}
