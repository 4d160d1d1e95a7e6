import { sql } from "drizzle-orm";
import { check, integer, pgTable, text } from "drizzle-orm/pg-core";
import { id, time, units } from "./columns";

/**
 * A business that is paid. `webhookSecret` is encrypted (lib/crypto), never stored as it is shown.
 * Rules: the adjustment limit stays within 0–1.0000 USDT; the cool-down is longer than the clock skew that matching allows,
 * so that no transfer can fall into the windows of two invoices with the same amount.
 */
export const merchants = pgTable(
  "merchants",
  {
    id: id(),
    name: text().notNull(),
    status: text({ enum: ["active", "suspended"] })
      .notNull()
      .default("active"),
    /** Where webhooks go when the invoice names no `callbackUrl`. */
    webhookUrl: text(),
    webhookSecret: text().notNull(),
    /** During a rotation's grace period both secrets sign. */
    previousWebhookSecret: text(),
    previousWebhookSecretUntil: time(),
    /** How far above the asked amount an invoice may go to be unique, in units of 0.0001 USDT. */
    adjustmentLimit: units().notNull().default(sql`500`),
    /** How long after `expiresAt` an amount stays taken. */
    amountCooldownSeconds: integer().notNull().default(1800),
    /** Raised by every change of the merchant's wallets, so that a copy of them in memory is known to be fresh. */
    walletsVersion: integer().notNull().default(0),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [
    check("merchants_adjustment_limit", sql`${t.adjustmentLimit} between 0 and 10000`),
    check("merchants_amount_cooldown", sql`${t.amountCooldownSeconds} between 60 and 604800`),
  ],
);
