import { and, count, desc, eq, lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { apiLogs } from "@/db/schema";
import type { Scope } from "./invoices";

const inScope = (scope: Scope) => and(eq(apiLogs.merchantId, scope.merchantId), eq(apiLogs.mode, scope.mode));

export type ApiLog = typeof apiLogs.$inferSelect;

/** Adds logs, all of them in one value: a statement with sixteen values a row would cost more than the requests it tells of. */
export async function insertApiLogs(db: Executor, rows: ApiLog[]): Promise<void> {
  if (rows.length === 0) return;
  const named = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
    ),
  );
  await db.execute(
    sql`insert into api_logs select * from json_populate_recordset(null::api_logs, ${JSON.stringify(named)}::json)`,
  );
}

/** Forgets logs older than `days`. */
export async function pruneApiLogs(db: Executor, days: number): Promise<void> {
  await db.delete(apiLogs).where(lt(apiLogs.createdAt, sql`now() - make_interval(days => ${days}::int)`));
}

/** A page of a merchant's API requests, newest first. */
export function listApiLogs(db: Executor, scope: Scope, page: { limit: number; offset: number }): Promise<ApiLog[]> {
  return db
    .select()
    .from(apiLogs)
    .where(inScope(scope))
    .orderBy(desc(apiLogs.createdAt), desc(apiLogs.id))
    .limit(page.limit)
    .offset(page.offset);
}

export async function countApiLogs(db: Executor, scope: Scope): Promise<number> {
  const [row] = await db.select({ count: count() }).from(apiLogs).where(inScope(scope));
  return row?.count ?? 0;
}
