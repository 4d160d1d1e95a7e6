import { index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { id, time } from "./columns";
import { merchants } from "./merchants";

/** Who changed what, when and from where. Rows are only ever added, in the transaction of the change they record. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: id(),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    /** `operator`, `system`, or `user:<id>` / `key:<prefix>`. */
    actor: text().notNull(),
    /** `noun.verb`, such as `wallet.added`. */
    action: text().notNull(),
    /** The id of what was changed. */
    target: text(),
    data: jsonb().$type<Record<string, unknown>>(),
    ip: text(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [
    index("audit_log_by_merchant").on(t.merchantId, t.createdAt.desc().nullsFirst()),
    // What was done to one thing: an invoice's timeline.
    index("audit_log_by_target").on(t.target),
  ],
);
