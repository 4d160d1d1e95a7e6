import { bigint, index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
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

/**
 * How many of them there are, so that a page's total does not read a month of requests. Triggers keep it (migration 0008), in the
 * statement that adds or deletes logs.
 */
export const apiLogTallies = pgTable(
  "api_log_tallies",
  { merchantId: uuid().notNull(), mode: mode().notNull(), count: bigint({ mode: "number" }).notNull() },
  (t) => [primaryKey({ columns: [t.merchantId, t.mode] })],
);
