import { sql } from "drizzle-orm";
import { check, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { id, time, units } from "./columns";

/**
 * A business that is paid. `webhookSecret` is encrypted (lib/crypto), never stored as it is shown.
 * Rules: the adjustment limit stays within 0–1.0000 USDT; the cool-down is longer than the clock skew that matching allows,
 * so that no transfer can fall into the windows of two invoices with the same amount; an invoice's default time stays within what
 * the API allows; an accent colour is six hexadecimal digits, so that it can stand in a style sheet.
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
    /** For invoices that name no `expirySeconds`. */
    defaultExpirySeconds: integer().notNull().default(1800),
    /** IANA name; the dashboard's times are shown in it. */
    timeZone: text().notNull().default("UTC"),
    /** `#rrggbb` in lower case, for the pay page; null: ours. */
    accentColor: text(),
    /** Origins that may show the pay page in a frame: `https://shop.example`. */
    frameOrigins: jsonb().$type<string[]>().notNull().default([]),
    /** When the owner copied an API key for the first time: a step of the first-run checklist. */
    keyCopiedAt: time(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [
    check("merchants_adjustment_limit", sql`${t.adjustmentLimit} between 0 and 10000`),
    check("merchants_amount_cooldown", sql`${t.amountCooldownSeconds} between 60 and 604800`),
    check("merchants_default_expiry", sql`${t.defaultExpirySeconds} between 300 and 7200`),
    check("merchants_accent_color", sql`${t.accentColor} ~ '^#[0-9a-f]{6}$'`),
  ],
);
