import { sql } from "drizzle-orm";
import { boolean, check, foreignKey, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { bytewise, id, mode, network, time, units } from "./columns";
import { wallets } from "./wallets";

export const INVOICE_STATUSES = ["pending", "confirmed", "expired", "cancelled"] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/**
 * What a customer is asked to pay.
 * Rules: it is paid into a wallet of its own merchant; a reference is used once a merchant and mode; a pay-page path leads to one invoice; the exact amount is never below
 * the amount asked for; a status and its time stand together (confirmed ⇔ paidAt …), so a half-made change cannot be stored.
 * `(id, merchantId)` is unique only so that payments can refer to both and never join two merchants.
 */
export const invoices = pgTable(
  "invoices",
  {
    id: id(),
    merchantId: uuid().notNull(),
    mode: mode().notNull(),
    walletId: uuid().notNull(),
    network: network().notNull(),
    /** The wallet's address when the invoice was made. */
    payoutAddress: text().notNull(),
    reference: bytewise().notNull(),
    /** The last part of `paymentUrl`, not yet percent-encoded: the reference, with a suffix where that was taken. */
    payPath: text().notNull().unique("invoices_pay_path"),
    amountRequested: units().notNull(),
    /** The exact amount to pay. */
    amount: units().notNull(),
    status: text({ enum: INVOICE_STATUSES }).notNull().default("pending"),
    title: text(),
    description: text(),
    callbackUrl: text(),
    returnUrl: text(),
    /** JSON text as it was sent, without insignificant white space: jsonb would reorder its keys. */
    metadata: text(),
    whiteLabel: boolean().notNull().default(false),
    /** This and the next in whole seconds: what everybody is told is what decides whether a transfer pays it. */
    createdAt: time().notNull(),
    expiresAt: time().notNull(),
    paidAt: time(),
    expiredAt: time(),
    cancelledAt: time(),
    /** Who decided that it is paid: the chain, or the merchant who accepted an unmatched transfer. */
    resolution: text({ enum: ["automatic", "manual"] }),
  },
  (t) => [
    // The wallet is the merchant's own; and so there is such a merchant.
    foreignKey({ columns: [t.walletId, t.merchantId], foreignColumns: [wallets.id, wallets.merchantId] }),
    unique("invoices_reference").on(t.merchantId, t.mode, t.reference),
    unique("invoices_id_merchant").on(t.id, t.merchantId),
    check("invoices_amount", sql`${t.amountRequested} > 0 and ${t.amount} >= ${t.amountRequested}`),
    check("invoices_window", sql`${t.expiresAt} > ${t.createdAt}`),
    check(
      "invoices_status_times",
      sql`case ${t.status}
        when 'pending' then ${t.paidAt} is null and ${t.expiredAt} is null and ${t.cancelledAt} is null and ${t.resolution} is null
        when 'confirmed' then ${t.paidAt} is not null and ${t.resolution} is not null
        when 'expired' then ${t.paidAt} is null and ${t.expiredAt} is not null and ${t.resolution} is null
        when 'cancelled' then ${t.paidAt} is null and ${t.cancelledAt} is not null and ${t.resolution} is null
        else false end`,
    ),
    // A merchant's list, newest first, in its plain form and filtered by status. The order of nulls is that of a plain "desc":
    // with another one PostgreSQL would sort instead of reading the index, though no column can be null.
    index("invoices_list").on(t.merchantId, t.mode, t.createdAt.desc().nullsFirst(), t.id.desc().nullsFirst()),
    index("invoices_list_by_status").on(
      t.merchantId,
      t.mode,
      t.status,
      t.createdAt.desc().nullsFirst(),
      t.id.desc().nullsFirst(),
    ),
    // Matching: a transfer to a wallet with this amount; few rows ever share both.
    index("invoices_match").on(t.walletId, t.amount, t.expiresAt),
    // What may expire, soonest first; its size is that of the open invoices.
    index("invoices_open").on(t.mode, t.network, t.expiresAt).where(sql`${t.status} = 'pending'`),
  ],
);
