import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "@/db/schema";
import { env } from "@/lib/env";
import { connect } from "./connect";

export type Database = PostgresJsDatabase<typeof schema>;
/** A database or a transaction on it: what every query takes first. */
export type Executor = Database | Parameters<Parameters<Database["transaction"]>[0]>[0];

type Pool = { url: string; sql: postgres.Sql; db: Database };
// One pool a process: the bundler loads this module several times (routes, instrumentation, start script).
const KEY = Symbol.for("usdt-gateway.pool");
const store = globalThis as unknown as Record<symbol, Pool | undefined>;

/** The process's database, connected on first use; it reconnects by itself when PostgreSQL was away. */
export function db(): Database {
  const url = env().databaseUrl;
  if (!url) throw new Error("DATABASE_URL is not set: start the gateway with npm start, or set it");
  if (store[KEY]?.url !== url) {
    const sql = connect(url, {
      max: 16,
      idle_timeout: 300,
      // A query that hangs holds locks that payments wait for: end it.
      connection: { application_name: "usdt-gateway", statement_timeout: 30_000 },
    });
    store[KEY] = { url, sql, db: drizzle(preparing(sql), { schema, casing: "snake_case" }) };
  }
  return store[KEY].db;
}

/**
 * Builds a query once for each database, not at every call: for the few that every request needs. The values that differ are
 * `sql.placeholder`s.
 */
export function buildOnce<T>(build: (db: Executor) => T): (db: Executor) => T {
  const built = new WeakMap<Executor, T>();
  return (db) => {
    const known = built.get(db) ?? build(db);
    built.set(db, known);
    return known;
  };
}

/** As many values as a single row has, and more. */
const MAX_PREPARED_VALUES = 50;

/**
 * Makes the driver prepare the statements that Drizzle gives it: without it each is sent in two round trips and planned anew.
 * Only those with few values, because a connection remembers every prepared text for ever, and a statement over a list has a
 * text for each length of the list.
 */
function preparing<T extends postgres.Sql | postgres.TransactionSql>(client: T): T {
  const { unsafe } = client;
  const changed: Record<string, unknown> = {
    unsafe: (text: string, values: Parameters<typeof unsafe>[1] = [], options: postgres.UnsafeQueryOptions = {}) =>
      unsafe(text, values, { ...options, prepare: values.length > 0 && values.length <= MAX_PREPARED_VALUES }),
  };
  // What these two hand to their callback is another client.
  for (const name of ["begin", "savepoint"] as const) {
    const open = (client as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name];
    const wrap = (arg: unknown) =>
      typeof arg === "function" ? (inner: postgres.TransactionSql) => arg(preparing(inner)) : arg;
    if (open) changed[name] = (...args: unknown[]) => open(...args.map(wrap));
  }
  return Object.assign(client, changed);
}

/** Ends the pool; the next `db()` opens a new one. */
export async function closeDb(): Promise<void> {
  const pool = store[KEY];
  store[KEY] = undefined;
  await pool?.sql.end({ timeout: 5 });
}

/** The PostgreSQL error behind an error of the database layer, or null. */
export function databaseError(error: unknown): { code: string; constraint: string | null } | null {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof postgres.PostgresError) return { code: e.code, constraint: e.constraint_name ?? null };
  }
  return null;
}

/** Whether an error means that the database could not be reached or is starting or stopping: try again later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code = "code" in e ? String(e.code) : "";
    // Classes 08 (connection), 57P (shutdown), 53300 (too many connections); the rest are the driver's and Node's codes.
    if (/^(08|57P0|53300|CONNECT|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)|CONNECTION_/.test(code)) return true;
    // Node wraps the failures of several addresses ("localhost") in one.
    if (e instanceof AggregateError && e.errors.some(isDatabaseUnavailable)) return true;
  }
  return false;
}
