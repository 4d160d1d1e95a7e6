import { sql } from "drizzle-orm";
import { check, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { mode, time, units } from "./columns";

/**
 * An amount taken on a wallet: what tells two customers of one wallet apart.
 * Rule: the primary key lets one invoice hold an amount at a time, under any concurrency. A slot is free again by itself
 * when `heldUntil` has passed: it is claimed by an upsert that only overwrites a row whose time is over. A slot is only taken in
 * the statement that inserts its invoice, whose wallet is checked there.
 */
export const amountSlots = pgTable(
  "amount_slots",
  {
    walletId: uuid().notNull(),
    mode: mode().notNull(),
    amount: units().notNull(),
    heldUntil: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.walletId, t.mode, t.amount] }),
    check("amount_slots_positive", sql`${t.amount} > 0`),
  ],
);
