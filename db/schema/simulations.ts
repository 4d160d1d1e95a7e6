import { sql } from "drizzle-orm";
import { index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { id, time } from "./columns";
import { invoices } from "./invoices";
import { transfers } from "./transfers";

export const SCENARIOS = ["exact", "underpaid", "overpaid", "late", "duplicate", "reorged"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/**
 * A sandbox payment to make at its time; it survives a restart because it is a row.
 * Rule: `doneAt` is set in the transaction that makes the transfers, with the row locked, so a simulation happens once.
 */
export const simulations = pgTable(
  "simulations",
  {
    id: id(),
    invoiceId: uuid()
      .notNull()
      .references(() => invoices.id),
    /** `orphan` is the second half of `reorged`: the block leaves the chain. */
    step: text({ enum: [...SCENARIOS, "orphan"] }).notNull(),
    /** What `orphan` takes away. */
    transferId: uuid().references(() => transfers.id),
    dueAt: time().notNull(),
    doneAt: time(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [index("simulations_due").on(t.dueAt).where(sql`${t.doneAt} is null`)],
);
