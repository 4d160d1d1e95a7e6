import { index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { mode, time } from "./columns";
import { merchants } from "./merchants";

/**
 * The answer to a request that may be repeated without being done twice, kept for 24 hours.
 * Rule: the row is written in the transaction that did the work, under a primary key: either the work and its answer are
 * there or neither, and one request of a merchant and mode owns a key. What is in flight holds an advisory lock.
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
    statusCode: integer().notNull(),
    responseBody: text().notNull(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.merchantId, t.mode, t.key] }), index("idempotency_keys_age").on(t.createdAt)],
);
