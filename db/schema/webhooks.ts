import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { id, mode, time } from "./columns";
import { invoices } from "./invoices";
import { merchants } from "./merchants";

export const EVENT_TYPES = ["invoice.confirmed", "invoice.expired", "invoice.cancelled"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * Something that happened to an invoice, written in the transaction that made it happen.
 * Rule: an invoice has each type of event at most once, whatever crashes or races: nothing is announced twice.
 */
export const events = pgTable(
  "events",
  {
    id: id(),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    mode: mode().notNull(),
    invoiceId: uuid()
      .notNull()
      .references(() => invoices.id),
    type: text({ enum: EVENT_TYPES }).notNull(),
    createdAt: time().notNull().defaultNow(),
  },
  (t) => [
    unique("events_once").on(t.invoiceId, t.type),
    index("events_by_merchant").on(t.merchantId, t.mode, t.createdAt.desc().nullsFirst()),
  ],
);

/**
 * One webhook to one URL: the bytes are made once and every attempt sends them.
 * Rules: an event is delivered under one id; a delivery that is not pending has no due time, so it cannot be claimed.
 */
export const deliveries = pgTable(
  "deliveries",
  {
    id: id(),
    eventId: uuid()
      .notNull()
      .references(() => events.id)
      .unique("deliveries_event"),
    merchantId: uuid()
      .notNull()
      .references(() => merchants.id),
    mode: mode().notNull(),
    url: text().notNull(),
    body: text().notNull(),
    status: text({ enum: ["pending", "delivered", "failed"] })
      .notNull()
      .default("pending"),
    /** Attempts of the present round: a re-send by hand starts a new one. */
    attemptsMade: integer().notNull().default(0),
    nextAttemptAt: time(),
    leaseOwner: uuid(),
    leaseUntil: time(),
    createdAt: time().notNull().defaultNow(),
    completedAt: time(),
  },
  (t) => [
    check("deliveries_due", sql`(${t.status} = 'pending') = (${t.nextAttemptAt} is not null)`),
    index("deliveries_to_send").on(t.nextAttemptAt).where(sql`${t.status} = 'pending'`),
    // The same by merchant: what a claim walks.
    index("deliveries_by_share").on(t.merchantId, t.nextAttemptAt).where(sql`${t.status} = 'pending'`),
    index("deliveries_by_merchant").on(t.merchantId, t.mode, t.createdAt.desc().nullsFirst()),
    // What failed and what waits: few rows beside those that arrived.
    index("deliveries_not_delivered")
      .on(t.merchantId, t.mode, t.status, t.createdAt.desc().nullsFirst())
      .where(sql`${t.status} <> 'delivered'`),
  ],
);

/** One HTTP try of a delivery. Rule: attempts of a delivery are numbered without repeats, so none is recorded twice. */
export const attempts = pgTable(
  "attempts",
  {
    deliveryId: uuid()
      .notNull()
      .references(() => deliveries.id),
    number: integer().notNull(),
    startedAt: time().notNull(),
    statusCode: integer(),
    /** The first 2 KB of the answer. */
    responseBody: text(),
    latencyMs: integer().notNull(),
    error: text(),
  },
  (t) => [primaryKey({ columns: [t.deliveryId, t.number] })],
);
