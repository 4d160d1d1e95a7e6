import { and, count, eq, lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { apiLogs } from "@/db/schema";
import type { Scope } from "./invoices";

const inScope = (scope: Scope) => and(eq(apiLogs.merchantId, scope.merchantId), eq(apiLogs.mode, scope.mode));

export type ApiLog = typeof apiLogs.$inferSelect;

export async function insertApiLogs(db: Executor, rows: ApiLog[]): Promise<void> {
  if (rows.length > 0) await db.insert(apiLogs).values(rows);
}

/** Forgets logs older than `days`. */
export async function pruneApiLogs(db: Executor, days: number): Promise<void> {
  await db.delete(apiLogs).where(lt(apiLogs.createdAt, sql`now() - make_interval(days => ${days}::int)`));
}

/** A page of a merchant's API requests, newest first. */
export function listApiLogs(db: Executor, scope: Scope, page: { limit: number; offset: number }): Promise<ApiLog[]> {
  return (
    db
      .select()
      .from(apiLogs)
      .where(inScope(scope))
      // As the index says it: without "nulls last" PostgreSQL sorts all of the merchant's logs.
      .orderBy(sql`${apiLogs.createdAt} desc nulls last`, sql`${apiLogs.id} desc nulls last`)
      .limit(page.limit)
      .offset(page.offset)
  );
}

export async function countApiLogs(db: Executor, scope: Scope): Promise<number> {
  const [row] = await db.select({ count: count() }).from(apiLogs).where(inScope(scope));
  return row?.count ?? 0;
}
