import { z } from "zod";
import { EVENT_TYPES, INVOICE_STATUSES, SCENARIOS } from "@/db/schema";
import { MODES } from "@/db/schema/columns";
import { ASSET_CODES, NETWORKS } from "@/lib/chains/networks";
import { parsePosition, printPosition } from "@/lib/lists/position";
import type { Position } from "@/lib/lists/walk";

/** What the API answers with. The OpenAPI document is made from these, and a test compares them with real answers. */

export const timeSchema = z.string().meta({
  format: "date-time",
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$",
  description: "ISO 8601 in UTC, to the second.",
});
export const moneySchema = z.string().meta({
  pattern: "^\\d+\\.\\d{4}$",
  description: "USDT with exactly four decimals.",
  examples: ["150.0000"],
});
const uuid = z.string().meta({ format: "uuid" });
const count = z.int().min(0);
const long = count.meta({ format: "int64" });
const network = z.enum(NETWORKS);
const assetCode = z.enum(ASSET_CODES);
const text = z.string().nullable();
const time = timeSchema.nullable();
const metadata = z
  .unknown()
  .meta({ type: ["object", "null"], additionalProperties: true, description: "As it was sent, its key order kept." });

export const paymentSchema = z
  .object({
    txHash: z.string().meta({ description: "The transaction, as the network's explorers print it." }),
    from: z.string().meta({ description: "The sender's address." }),
    blockNumber: long,
    confirmations: long.describe("1 when the payment's block is the newest."),
    requiredConfirmations: count.describe("At how many the invoice is confirmed."),
    detectedAt: timeSchema.describe("When the gateway saw it."),
  })
  .meta({ id: "Payment", description: "The transfer that pays the invoice." });

const whiteLabel = z
  .object({
    cancelUrl: z
      .string()
      .meta({ format: "uri", description: "Carries the right to cancel: keep it from customers who must not." }),
    statusUrl: z.string().meta({ format: "uri", description: "Public JSON: status and progress of the payment." }),
    qrData: z.string().meta({ description: "What the QR code holds: the address." }),
    network,
    networkLabel: z.string(),
    expiresAt: timeSchema,
    title: text,
    description: text,
  })
  .meta({ id: "WhiteLabel", description: "What your own pay page needs; only with useWhiteLabel." });

export const invoiceSchema = z
  .object({
    id: uuid,
    reference: z.string().meta({ description: "Your order number, or the generated one." }),
    assetCode,
    payoutAddress: z.string().meta({ description: "Your wallet: where the customer pays to." }),
    amountUsdtExact: moneySchema.describe("What the customer must pay, to the last digit."),
    status: z.enum(INVOICE_STATUSES).meta({
      description: "A payment that is seen but not yet deep enough leaves it pending and shows in payment.",
    }),
    expiresAt: timeSchema.describe("Until when the customer can pay, by the time of the payment's block."),
    paymentUrl: z.string().meta({ format: "uri", description: "The hosted pay page: send the customer there." }),
    createdAt: timeSchema,
    isTest: z.boolean().meta({ description: "Whether it was created with a test key." }),
    metadata,
    whiteLabel: whiteLabel.optional(),
    amountUsdt: moneySchema.describe("What you asked for; amountUsdtExact may be slightly more, to be unique."),
    walletId: uuid,
    network,
    title: text,
    description: text,
    callbackUrl: text,
    returnUrl: text,
    txHash: text.describe("The transaction that paid it; null until it is confirmed."),
    paidAt: time.describe("The time of the payment's block."),
    cancelledAt: time,
    expiredAt: time,
    payment: paymentSchema.nullable().describe("Null until a transfer is seen."),
  })
  .meta({ id: "Invoice", description: "What a customer is asked to pay." });

const pagination = {
  page: count,
  limit: count,
  total: long.describe("How many there are on all pages."),
  totalPages: long,
};

export const invoiceListSchema = z
  .object({
    data: z.array(invoiceSchema),
    pagination: z
      .object({
        ...pagination,
        nextCursor: text.describe("Give it as cursor to get the next page; null on the last one."),
      })
      .meta({ id: "CursorPagination" }),
  })
  .meta({ id: "InvoiceList" });

const statistics = {
  total: long.describe("Invoices of any status."),
  byStatus: z
    .object({ pending: long, confirmed: long, expired: long, cancelled: long })
    .meta({ id: "InvoiceCounts", description: "How many invoices have each status." }),
  confirmedVolumeUsdt: moneySchema.describe("Sum of the exact amounts of confirmed invoices, in USDT."),
};
const statisticsSchema = z.object(statistics).meta({ id: "Statistics" });

export const accountSchema = z
  .object({
    id: uuid,
    name: z.string(),
    email: z.string().nullable(),
    status: z.enum(["active", "suspended"]),
    createdAt: timeSchema,
    mode: z.enum(MODES),
    wallets: z.array(
      z
        .object({
          id: uuid,
          network,
          assetCode,
          address: z.string(),
          label: text,
          isDefault: z.boolean().meta({ description: "Used where an invoice names no walletId." }),
          createdAt: timeSchema,
        })
        .meta({ id: "Wallet", description: "Where you are paid on a network." }),
    ),
    statistics: z
      .object({ ...statistics, last24Hours: statisticsSchema, last30Days: statisticsSchema })
      .meta({ id: "AccountStatistics", description: "Of this mode: of all time, and of invoices created lately." }),
    networks: z.array(
      z
        .object({
          network,
          label: z.string(),
          assetCode,
          status: z.enum(["off", "starting", "ok", "behind", "failing"]),
          healthy: z.boolean().meta({ description: "Scanning keeps up with the network." }),
          blocksBehind: long.nullable(),
          secondsBehind: long.nullable().describe("Age of the newest block that was scanned."),
        })
        .meta({ id: "NetworkState", description: "How scanning of a network stands." }),
    ),
  })
  .meta({ id: "Account" });

export const apiLogListSchema = z
  .object({
    data: z.array(
      z
        .object({
          id: uuid,
          method: z.string(),
          path: z.string().meta({ description: "With the query." }),
          statusCode: count,
          durationMs: count,
          ip: text,
          userAgent: text,
          requestId: z.string().meta({ description: "The X-Request-Id of the response." }),
          requestBody: text.describe("At most 8 KB, secrets masked."),
          responseBody: text.describe("At most 8 KB, secrets masked."),
          errorCode: text.describe("The error's code; null for a success."),
          createdAt: timeSchema,
        })
        .meta({ id: "ApiLog", description: "One request to this API." }),
    ),
    pagination: z.object(pagination).meta({ id: "Pagination" }),
  })
  .meta({ id: "ApiLogList" });

export const simulationSchema = z
  .object({
    id: uuid,
    scenario: z.enum(SCENARIOS),
    status: z.enum(["sent", "scheduled"]),
    dueAt: timeSchema.describe("When the transfer is made."),
    invoice: invoiceSchema,
  })
  .meta({ id: "Simulation" });

export const testWebhookResultSchema = z
  .object({
    url: z.string(),
    request: z
      .object({ headers: z.record(z.string(), z.string()), body: z.string() })
      .meta({ id: "SentWebhook", description: "What was sent." }),
    response: z
      .object({
        delivered: z.boolean().meta({ description: "Whether it would count as delivered: a 2xx in time." }),
        statusCode: count.nullable().describe("Null where no answer came."),
        body: text.describe("The first 2 KB."),
        durationMs: count,
        error: text.describe("Why no answer came."),
      })
      .meta({ id: "WebhookAnswer", description: "What came back." }),
  })
  .meta({ id: "TestWebhookResult" });

export const errorSchema = z
  .object({
    statusCode: z.int().min(400).max(599),
    message: z.string().meta({ description: "What is wrong and what to do, for people." }),
    error: z.string().meta({ description: "The HTTP status text." }),
    code: z.string().meta({ description: "Stable: branch on this. New ones may be added." }),
    requestId: z.string().meta({ description: "As in X-Request-Id: name it when you ask for help." }),
    details: z
      .array(
        z
          .object({
            path: z.string().meta({ description: "The field; empty for the body as a whole." }),
            message: z.string(),
          })
          .meta({ id: "ErrorDetail" }),
      )
      .optional()
      .describe("Every problem of the input."),
    invoiceId: z
      .string()
      .nullish()
      .meta({ format: "uuid", description: "With duplicate_reference: the invoice that has it." }),
  })
  .meta({ id: "Error" });

/** What webhooks carry; made by lib/webhooks/events. */
export const webhookEventSchema = z
  .object({
    invoice_reference: z.string(),
    merchant_id: uuid,
    status: z.enum(["confirmed", "expired", "cancelled"]),
    asset_code: assetCode,
    payout_address: z.string(),
    amount_usdt_exact: moneySchema,
    tx_hash: text.describe("Null where nothing was paid."),
    metadata,
    paid_at: time.describe("The time of the payment's block; null where nothing was paid."),
    type: z.enum(EVENT_TYPES),
    event_id: uuid,
    invoice_id: uuid,
    is_test: z.boolean(),
    created_at: timeSchema.describe("When it happened."),
    resolution: z
      .enum(["automatic", "manual"])
      .nullable()
      .meta({ description: "Who decided that it is paid: the chain, or you, by accepting an unmatched transfer." }),
  })
  .meta({ id: "WebhookEvent", description: "Something that happened to an invoice." });

// Requests of lists.

const whole = (name: string, min: number, max: number, fallback: number) => {
  const message = `${name} must be a whole number from ${min} to ${max}`;
  return (
    z
      .string()
      .refine((text) => /^\d{1,9}$/.test(text), { message, abort: true })
      // Said here and not at the end: zod leaves the default of what is transformed out of the document.
      .meta({ type: "integer", minimum: min, maximum: max, default: fallback })
      .transform(Number)
      .refine((n) => n >= min && n <= max, message)
      .optional()
      .transform((n) => n ?? fallback)
  );
};
const pageQuery = (defaultLimit: number) => ({
  page: whole("page", 1, 1_000_000, 1).describe("Counts from 1."),
  limit: whole("limit", 1, 100, defaultLimit).describe("How many on a page."),
});

// The years that ISO 8601, JavaScript and PostgreSQL all write with four digits.
const EARLIEST = Date.parse("0001-01-01T00:00:00.000Z");
const LATEST = Date.parse("9999-12-31T23:59:59.999Z");
const clamp = (at: number) => Math.min(Math.max(at, EARLIEST), LATEST);

/** A day means all of it, a second all of it; the end is the first millisecond after. */
const moment = (name: string, end: boolean) =>
  z
    .string()
    .meta({
      pattern: "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2}))?$",
      examples: ["2024-01-15", "2024-01-15T14:30:00Z"],
    })
    .transform((text, ctx) => {
      const isDay = z.iso.date().safeParse(text).success;
      const at = isDay || z.iso.datetime({ offset: true }).safeParse(text).success ? Date.parse(text) : Number.NaN;
      const past = !end ? at : isDay ? at + 86_400_000 : Math.floor(at / 1000) * 1000 + 1000;
      if (!Number.isNaN(past)) return new Date(clamp(past));
      ctx.addIssue({
        code: "custom",
        message: `${name} must be a date or time such as 2024-01-15 or 2024-01-15T14:30:00Z`,
      });
      return z.NEVER;
    })
    .optional();

const cursor = z
  .string()
  .transform((value, ctx) => {
    const position = parsePosition(Buffer.from(value.slice(0, 200), "base64url").toString("latin1"));
    if (position) return position;
    ctx.addIssue({
      code: "custom",
      message: "cursor is not one that was given out: take nextCursor of the page before",
    });
    return z.NEVER;
  })
  .optional()
  .meta({ maxLength: 200, pattern: "^[A-Za-z0-9_-]+$" });

/** The cursor behind a row: where the next page begins. */
export const printCursor = (row: Position): string => Buffer.from(printPosition(row)).toString("base64url");

export const listInvoicesQuery = z.object({
  ...pageQuery(20),
  status: z.enum(INVOICE_STATUSES, `status must be one of ${INVOICE_STATUSES.join(", ")}`).optional(),
  assetCode: z.enum(ASSET_CODES, `assetCode must be one of ${ASSET_CODES.join(", ")}`).optional(),
  reference: z
    .string()
    .regex(/^[ -~]{1,50}$/, "reference must be 1 to 50 printable ASCII characters")
    .optional()
    .meta({ description: "The whole of it.", minLength: 1, maxLength: 50 }),
  from: moment("from", false).describe("Created at this time, on this day, or later."),
  to: moment("to", true).describe("Created up to and with this second, or day."),
  cursor: cursor.describe("nextCursor of the page before: for deep paging, in place of page."),
});

export const listApiLogsQuery = z.object(pageQuery(50));
