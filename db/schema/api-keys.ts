import { sql } from "drizzle-orm";
import { index, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { id, mode, time } from "./columns";
import { merchants } from "./merchants";

/**
 * API keys. Only the SHA-256 of a key is stored, with the first characters to recognise it by.
 * Rules: a hash belongs to one key; a merchant has one current key a mode (a rotated one carries `expiresAt`).
 */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: id(),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    mode: mode().notNull(),
    prefix: text().notNull(),
    hash: text().notNull().unique(),
    createdAt: time().notNull().defaultNow(),
    lastUsedAt: time(),
    /** Null: current. In the past: dead. In the future: rotated, still good until then. */
    expiresAt: time(),
  },
  (t) => [
    uniqueIndex("api_keys_one_current").on(t.merchantId, t.mode).where(sql`${t.expiresAt} is null`),
    index("api_keys_merchant").on(t.merchantId),
  ],
);
