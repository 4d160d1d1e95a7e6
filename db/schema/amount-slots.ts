import { sql } from "drizzle-orm";
import { check, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { mode, time, units } from "./columns";
import { wallets } from "./wallets";

/**
 * An amount taken on a wallet: what tells two customers of one wallet apart.
 * Rule: the primary key lets one invoice hold an amount at a time, under any concurrency. A slot is free again by itself
 * when `heldUntil` has passed: it is claimed by an upsert that only overwrites a row whose time is over.
 */
export const amountSlots = pgTable(
  "amount_slots",
  {
    walletId: uuid()
      .notNull()
      .references(() => wallets.id),
    mode: mode().notNull(),
    amount: units().notNull(),
    heldUntil: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.walletId, t.mode, t.amount] }),
    check("amount_slots_positive", sql`${t.amount} > 0`),
  ],
);
