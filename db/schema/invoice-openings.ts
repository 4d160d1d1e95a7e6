import { pgTable, uuid } from "drizzle-orm/pg-core";
import { time } from "./columns";
import { invoices } from "./invoices";

/** When an invoice's pay page was opened for the first time: for its timeline. Apart, so that looking never writes to an invoice. */
export const invoiceOpenings = pgTable("invoice_openings", {
  invoiceId: uuid()
    .primaryKey()
    .references(() => invoices.id),
  openedAt: time().notNull().defaultNow(),
});
