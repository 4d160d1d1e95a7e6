import { readFile } from "node:fs/promises";
import path from "node:path";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as runMigrations } from "drizzle-orm/postgres-js/migrator";
import type postgres from "postgres";
import type { Executor } from "./client";
import { connect } from "./connect";
import { learnServer } from "./server";

const MIGRATIONS = path.join(process.cwd(), "db", "migrations");
// Any constant will do; it only has to be ours.
const MIGRATION_LOCK = 7_310_221_874n;

/**
 * Brings a database to this version's schema. Safe when several servers start at once: one migrates, the others wait. Everything
 * happens in one transaction that holds the lock, so it works through a pooler too, and a migration that fails leaves nothing.
 * @throws where the database cannot be reached or is older than PostgreSQL 15.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = connect(databaseUrl, { max: 1 });
  try {
    const [row] = await client<{ version: number }[]>`select current_setting('server_version_num')::int as version`;
    if (!row || row.version < 150_000) throw new Error("DATABASE_URL is older than PostgreSQL 15: use 15 or newer");
    await client.begin(async (tx) => {
      // Whoever waits, and whoever builds an index on a large table, may take longer than a query.
      await tx`set local statement_timeout = 0`;
      await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK.toString()}::bigint)`;
      // The migrator opens a transaction of its own: inside this one that is a savepoint.
      const begin = (work: (inner: postgres.TransactionSql) => Promise<unknown>) => tx.savepoint(work);
      const locked = Object.assign(tx, { begin, options: client.options });
      await runMigrations(drizzle(locked as unknown as postgres.Sql), { migrationsFolder: MIGRATIONS });
    });
  } finally {
    await client.end({ timeout: 5 });
  }
  await learnServer(databaseUrl);
}

/** The oldest secret that is stored encrypted, a merchant's for webhooks, to try a key on; null: there is none yet. */
export async function findSealedSecret(databaseUrl: string): Promise<{ merchantId: string; sealed: string } | null> {
  const client = connect(databaseUrl, { max: 1 });
  try {
    const rows = await client<{ merchantId: string; sealed: string }[]>`
      select id as "merchantId", webhook_secret as sealed from merchants order by id limit 1`;
    return rows[0] ?? null;
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** How many migrations this version has and how many the database has had. */
export async function migrationState(db: Executor): Promise<{ applied: number; expected: number }> {
  const journal = JSON.parse(await readFile(path.join(MIGRATIONS, "meta", "_journal.json"), "utf8")) as {
    entries: unknown[];
  };
  const rows = await db.execute<{ applied: number }>(
    sql`select count(*)::int as applied from drizzle.__drizzle_migrations`,
  );
  return { applied: rows[0]?.applied ?? 0, expected: journal.entries.length };
}
