import type { z } from "zod";
import { db } from "@/db/client";
import { countApiLogs, listApiLogs } from "@/db/queries/api-logs";
import type { Scope } from "@/db/queries/invoices";
import { formatTime } from "@/lib/clock";
import type { listApiLogsQuery } from "./schemas";

/** A page of a merchant's API requests, newest first. */
export async function listApiLogPage(scope: Scope, { page, limit }: z.output<typeof listApiLogsQuery>) {
  const [rows, total] = await Promise.all([
    listApiLogs(db(), scope, { limit, offset: (page - 1) * limit }),
    countApiLogs(db(), scope),
  ]);
  return {
    data: rows.map((row) => ({
      id: row.id,
      method: row.method,
      path: row.path,
      statusCode: row.statusCode,
      durationMs: row.durationMs,
      ip: row.ip,
      userAgent: row.userAgent,
      requestId: row.requestId,
      requestBody: row.requestBody,
      responseBody: row.responseBody,
      errorCode: row.errorCode,
      createdAt: formatTime(row.createdAt),
    })),
    pagination: { page, limit, total, totalPages: Math.ceil(total / limit) },
  };
}
