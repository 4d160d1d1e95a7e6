import { index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { id, mode, time } from "./columns";

/**
 * One API request, for debugging; secrets masked, bodies capped, kept 30 days. Written in batches after the response: a
 * crash may lose the last second of them, so nothing may ever be decided by this table (and it has no foreign key).
 */
export const apiLogs = pgTable(
  "api_logs",
  {
    id: id(),
    merchantId: uuid().notNull(),
    mode: mode().notNull(),
    requestId: text().notNull(),
    method: text().notNull(),
    path: text().notNull(),
    statusCode: integer().notNull(),
    durationMs: integer().notNull(),
    ip: text(),
    userAgent: text(),
    requestBody: text(),
    responseBody: text(),
    errorCode: text(),
    createdAt: time().notNull(),
  },
  (t) => [index("api_logs_list").on(t.merchantId, t.mode, t.createdAt.desc().nullsFirst(), t.id.desc().nullsFirst())],
);
