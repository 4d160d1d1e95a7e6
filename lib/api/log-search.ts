import { db } from "@/db/client";
import { type ApiLog, type ApiLogFilter, findApiLog, scanApiLogs } from "@/db/queries/api-logs";
import type { Scope } from "@/db/queries/invoices";
import { AppError } from "@/lib/errors";
import { type ListPage, type Position, walk } from "@/lib/lists/walk";
import { isUuid } from "@/lib/uuid";

export type { ApiLog, ApiLogFilter };

/** A page of a merchant's API requests under any filter, newest first. */
export function searchApiLogs(
  scope: Scope,
  filter: ApiLogFilter,
  page: { limit: number; after: Position | null },
): Promise<ListPage<ApiLog>> {
  return walk((after, limit, stretch) => scanApiLogs(db(), scope, filter, after, limit, stretch), page);
}

/** @throws {AppError} not_found, also for another merchant's, the other mode's, and one that is older than is kept. */
export async function getApiLog(scope: Scope, id: string): Promise<ApiLog> {
  const row = isUuid(id) ? await findApiLog(db(), scope, id) : null;
  if (!row) throw new AppError("not_found", "There is no such request: requests are kept for 30 days");
  return row;
}
