import { readFile } from "node:fs/promises";
import path from "node:path";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as runMigrations } from "drizzle-orm/postgres-js/migrator";
import type { Executor } from "./client";
import { connect } from "./connect";

const MIGRATIONS = path.join(process.cwd(), "db", "migrations");
// Any constant will do; it only has to be ours.
const MIGRATION_LOCK = 7_310_221_874n;

/**
 * Brings a database to this version's schema. Safe when several servers start at once: one migrates, the others wait.
 * @throws where the database cannot be reached or is older than PostgreSQL 15.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = connect(databaseUrl, { max: 1 });
  try {
    const [row] = await client<{ version: number }[]>`select current_setting('server_version_num')::int as version`;
    if (!row || row.version < 150_000) throw new Error("DATABASE_URL is older than PostgreSQL 15: use 15 or newer");
    await client`select pg_advisory_lock(${MIGRATION_LOCK.toString()}::bigint)`;
    await runMigrations(drizzle(client), { migrationsFolder: MIGRATIONS });
  } finally {
    // Ending the session frees the lock.
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
