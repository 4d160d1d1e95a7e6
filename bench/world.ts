/** What several benches need: a merchant with a wallet on a running gateway, and requests to it. */

import { randomBytes } from "node:crypto";
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
