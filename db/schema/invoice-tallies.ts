import { bigint, index, numeric, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { mode, network, time } from "./columns";
import { INVOICE_STATUSES } from "./invoices";

/**
 * How many invoices there are of each kind, so that a total costs the same in a million invoices as in ten.
 * A trigger on invoices (migration 0001) adds a line to `invoice_tally_changes` in the transaction of every change: counts are
 * exact, and no two transactions wait for the same row. A job folds the lines into `invoice_tallies`; a reader adds both up.
 */
const columns = {
  merchantId: uuid().notNull(),
  mode: mode().notNull(),
  network: network().notNull(),
  status: text({ enum: INVOICE_STATUSES }).notNull(),
  /** The hour the invoices were created in; -infinity: all of them. */
  hour: time().notNull(),
  count: bigint({ mode: "number" }).notNull(),
  /** Sum of the exact amounts, in units of 0.0001 USDT. */
  volume: numeric({ precision: 38, scale: 0, mode: "bigint" }).notNull(),
};

export const invoiceTallies = pgTable("invoice_tallies", columns, (t) => [
  primaryKey({ columns: [t.merchantId, t.mode, t.hour, t.network, t.status] }),
]);

/** Without a key: a line has no name, it is only added and folded. */
export const invoiceTallyChanges = pgTable("invoice_tally_changes", columns, (t) => [
  index("invoice_tally_changes_merchant").on(t.merchantId, t.mode),
]);
