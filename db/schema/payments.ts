import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { time } from "./columns";
import { invoices } from "./invoices";
import { transfers } from "./transfers";

/**
 * A transfer that pays an invoice.
 * Rules: the primary key pays an invoice once; `payments_transfer_once` lets a transfer pay one invoice of a merchant; the
 * foreign key on (invoice, merchant) makes that merchant the invoice's own. A payment whose transfer is orphaned before the
 * invoice was confirmed is deleted: it is as if it had never been seen.
 */
export const payments = pgTable(
  "payments",
  {
    invoiceId: uuid().primaryKey(),
    merchantId: uuid().notNull(),
    transferId: uuid()
      .notNull()
      .references(() => transfers.id),
    resolution: text({ enum: ["automatic", "manual"] })
      .notNull()
      .default("automatic"),
    detectedAt: time().notNull().defaultNow(),
    /** Null: not deep enough yet. */
    confirmedAt: time(),
    /** How deep it was when the invoice was confirmed; counts the payment's own block. */
    confirmations: integer(),
  },
  (t) => [
    foreignKey({ columns: [t.invoiceId, t.merchantId], foreignColumns: [invoices.id, invoices.merchantId] }),
    unique("payments_transfer_once").on(t.transferId, t.merchantId),
    check("payments_confirmed", sql`(${t.confirmedAt} is null) = (${t.confirmations} is null)`),
    // What is still deepening: as many rows as there are payments in flight.
    index("payments_in_flight").on(t.detectedAt).where(sql`${t.confirmedAt} is null`),
  ],
);
