import { index, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { mode } from "./columns";
import { transfers } from "./transfers";

/**
 * The transfers to a merchant's wallets that pay none of its invoices, so that finding the few among a million costs nothing.
 * Triggers keep it (migrations 0004, 0007): a stored transfer adds a row for each merchant who has the address, a payment takes its
 * own away and gives it back when it is undone, in the same transaction; one that goes to somebody else in its new block moves over.
 * It decides nothing: `payments` does.
 */
export const unmatchedTransfers = pgTable(
  "unmatched_transfers",
  {
    transferId: uuid()
      .notNull()
      .references(() => transfers.id, { onDelete: "cascade" }),
    merchantId: uuid().notNull(),
    mode: mode().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.transferId, t.merchantId] }),
    // Newest first by id: transfers' ids grow with time.
    index("unmatched_transfers_list").on(t.merchantId, t.mode, t.transferId.desc().nullsFirst()),
  ],
);
