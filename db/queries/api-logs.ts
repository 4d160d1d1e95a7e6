import { lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { apiLogs } from "@/db/schema";

export type ApiLog = typeof apiLogs.$inferSelect;

export async function insertApiLogs(db: Executor, rows: ApiLog[]): Promise<void> {
  if (rows.length > 0) await db.insert(apiLogs).values(rows);
}

/** Forgets logs older than `days`. */
export async function pruneApiLogs(db: Executor, days: number): Promise<void> {
  await db.delete(apiLogs).where(lt(apiLogs.createdAt, sql`now() - make_interval(days => ${days}::int)`));
}
