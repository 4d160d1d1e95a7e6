import { DrizzleQueryError } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "@/db/schema";
import { env } from "@/lib/env";
import { connect } from "./connect";
import { answeringAt, learnServer } from "./server";

export type Database = PostgresJsDatabase<typeof schema>;
/** A database or a transaction on it: what every query takes first. */
export type Executor = Database | Parameters<Parameters<Database["transaction"]>[0]>[0];

type Pool = { url: string; sql: postgres.Sql; db: Database };
// One pool a process: the bundler loads this module several times (routes, instrumentation, start script).
const KEY = Symbol.for("usdt-gateway.pool");
const store = globalThis as unknown as Record<symbol, Pool | undefined>;

/** A query that hangs holds locks that payments wait for: end it. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** The process's database, connected on first use; it reconnects by itself when PostgreSQL was away. */
export function db(): Database {
  const url = env().databaseUrl;
  if (!url) throw new Error("DATABASE_URL is not set: start the gateway with npm start, or set it");
  if (answeringAt(url) === null) void learnServer(url).then(() => useSessions(url));
  if (store[KEY]?.url !== url) {
    const application = { application_name: "usdt-gateway" };
    const sql = connect(url, { max: 16, idle_timeout: 300, connection: application });
    store[KEY] = { url, sql, db: drizzle(adapted(sql, url), { schema, casing: "snake_case" }) };
    useSessions(url);
  }
  return store[KEY].db;
}

/**
 * Rests on sessions once it is known that PostgreSQL itself answers: statements are prepared, and every new session ends what
 * hangs. With a pooler nothing of this is ever on, not even for a COMMIT: the driver answers a prepared one that the session does
 * not know by sending it again, which is then the end of a failed transaction, a ROLLBACK without an error.
 */
function useSessions(url: string): void {
  const pool = store[KEY];
  if (pool?.url !== url || answeringAt(url) !== "postgres") return;
  const { options } = pool.sql as unknown as { options: Record<string, unknown> & { connection: object } };
  options.prepare = true;
  Object.assign(options.connection, { statement_timeout: STATEMENT_TIMEOUT_MS });
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

/** The type's number in pg_type. */
const INTEGER = 23;
/** As many values as a single row has, and more. */
const MAX_PREPARED_VALUES = 50;

/**
 * Makes the driver prepare the statements that Drizzle gives it: without it each is sent in two round trips and planned anew.
 * Only those with few values, because a connection remembers every prepared text for ever, and a statement over a list has a
 * text for each length of the list.
 */
function adapted<T extends postgres.Sql | postgres.TransactionSql>(client: T, url: string): T {
  const { unsafe } = client;
  const changed: Record<string, unknown> = {
    unsafe: (text: string, values: Parameters<typeof unsafe>[1] = [], options: postgres.UnsafeQueryOptions = {}) => {
      const few = values.length > 0 && values.length <= MAX_PREPARED_VALUES;
      if (values.length > 0 || "onexecute" in options || answeringAt(url) === "postgres") {
        return unsafe(text, values, { ...options, prepare: few });
      }
      // The driver sends the next statement behind one without values at once, but not the whole of it: a pooler that gives the
      // session away between the two halves breaks both. So there is a value, of which the statement knows nothing.
      return unsafe(text, [client.typed(0, INTEGER)], options);
    },
  };
  // What these two hand to their callback is another client.
  for (const name of ["begin", "savepoint"] as const) {
    const open = (client as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>)[name];
    const wrap = (arg: unknown) => {
      if (typeof arg !== "function") return arg;
      return (inner: postgres.TransactionSql) => {
        if (name === "begin" && answeringAt(url) !== "postgres") limitTransaction(inner);
        return arg(adapted(inner, url));
      };
    };
    if (open) changed[name] = (...args: unknown[]) => open(...args.map(wrap));
  }
  return Object.assign(client, changed);
}

/** Sent with the transaction's first statement, not before it: it costs no round trip. */
function limitTransaction(tx: postgres.TransactionSql): void {
  // Where it fails, so does the transaction.
  tx.unsafe(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`).catch(() => {});
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

/** Why something failed, in words that anybody may read: of a statement neither its text nor its values, which are merchants'. */
export function reasonOf(error: unknown): string {
  const refused = databaseError(error);
  if (refused?.code === "53100") return "the database's disk is full";
  if (isDatabaseUnavailable(error)) return "the database is away";
  if (refused) return `PostgreSQL refused a statement: ${[refused.code, refused.constraint].filter(Boolean).join(" ")}`;
  if (error instanceof DrizzleQueryError) return "a statement failed";
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error means that the database could not be reached, is starting or stopping, or is full: try again later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code = "code" in e ? String(e.code) : "";
    // Classes 08 (connection), 57P (shutdown), 53 (no disk, memory or connection left); the rest are the driver's and Node's codes.
    if (/^(08|57P0|53|CONNECT|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)|CONNECTION_/.test(code)) return true;
    // Node wraps the failures of several addresses ("localhost") in one.
    if (e instanceof AggregateError && e.errors.some(isDatabaseUnavailable)) return true;
  }
  return false;
}
