import { and, desc, eq, gte, ilike, lt, type SQL, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { apiLogs, apiLogTallies } from "@/db/schema";
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
  const [row] = await db
    .select({ count: apiLogTallies.count })
    .from(apiLogTallies)
    .where(and(eq(apiLogTallies.merchantId, scope.merchantId), eq(apiLogTallies.mode, scope.mode)));
  return row?.count ?? 0;
}

export type ApiLogFilter = {
  /** A status (404) or a class of them (4: all from 400 to 499). */
  status?: number;
  method?: string;
  /** A part of the path. */
  path?: string;
  from?: Date;
  before?: Date;
};

type Place = { createdAt: Date; id: string };

/**
 * Reads the next `stretch` requests of a merchant's log, newest first, and gives those that fit, at most `limit`. `end` is the
 * last one read where the log goes on behind it.
 */
export async function scanApiLogs(
  db: Executor,
  scope: Scope,
  { status, method, path, from, before }: ApiLogFilter,
  after: Place | null,
  limit: number,
  stretch: number,
): Promise<{ rows: ApiLog[]; end: Place | null }> {
  const where = and(
    inScope(scope),
    from && gte(apiLogs.createdAt, from),
    before && lt(apiLogs.createdAt, before),
    after
      ? sql`(${apiLogs.createdAt}, ${apiLogs.id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
      : undefined,
  );
  const [low, high] = status === undefined ? [] : status < 10 ? [status * 100, status * 100 + 99] : [status, status];
  const fits: SQL | undefined = and(
    low === undefined ? undefined : sql`${apiLogs.statusCode} between ${low}::int and ${high}::int`,
    method === undefined ? undefined : eq(apiLogs.method, method),
    path ? ilike(apiLogs.path, `%${path.replace(/[\\%_]/g, "\\$&")}%`) : undefined,
  );
  const order = sql`${apiLogs.createdAt} desc, ${apiLogs.id} desc`;
  // The inner limit bounds the work, the outer one ends it as soon as enough were found.
  const found = await db.execute<{ id: string }>(sql`
    select id from (
      select id, method, path, status_code, created_at from ${apiLogs} where ${where} order by ${order}
      limit ${fits ? stretch : limit}::int
    ) as api_logs
    where ${fits ?? sql`true`} limit ${limit}::int`);
  const ids = sql`${`{${found.map((row) => row.id).join(",")}}`}::uuid[]`;
  const [rows, [end]] = await Promise.all([
    found.length === 0 ? [] : db.select().from(apiLogs).where(sql`${apiLogs.id} = any(${ids})`).orderBy(order),
    found.length >= limit || !fits
      ? []
      : db
          .select({ createdAt: apiLogs.createdAt, id: apiLogs.id })
          .from(apiLogs)
          .where(where)
          .orderBy(order)
          .limit(1)
          .offset(stretch - 1),
  ]);
  return { rows, end: end ?? null };
}

/** One request of a merchant and mode, or null. */
export async function findApiLog(db: Executor, scope: Scope, id: string): Promise<ApiLog | null> {
  const [row] = await db
    .select()
    .from(apiLogs)
    .where(and(inScope(scope), eq(apiLogs.id, id)));
  return row ?? null;
}
