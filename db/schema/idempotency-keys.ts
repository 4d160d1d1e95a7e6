import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { mode, time } from "./columns";
import { merchants } from "./merchants";

/**
 * A request that may be repeated without being done twice, kept for 24 hours.
 * Rule: the primary key lets one request of a merchant and mode own a key; the others see `lockedUntil` (in flight) or
 * the stored response. Both parts of a response are there or neither.
 */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    mode: mode().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body: another request under the same key is refused. */
    fingerprint: text().notNull(),
    /** While the first request runs; a crash frees the key when this has passed. */
    lockedUntil: time().notNull(),
    statusCode: integer(),
    responseBody: text(),
    responseHeaders: jsonb().$type<Record<string, string>>(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.merchantId, t.mode, t.key] }),
    check("idempotency_keys_response", sql`(${t.statusCode} is null) = (${t.responseBody} is null)`),
    index("idempotency_keys_age").on(t.createdAt),
  ],
);
