import { z } from "zod";
import { INVOICE_STATUSES } from "@/db/schema";
import { MODES } from "@/db/schema/columns";
import { ASSET_CODES, NETWORKS } from "@/lib/chains/networks";

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
const network = z.enum(NETWORKS);
const assetCode = z.enum(ASSET_CODES);
const text = z.string().nullable();
const time = timeSchema.nullable();
const metadata = z
  .unknown()
  .meta({ type: ["object", "null"], additionalProperties: true, description: "As it was sent, its key order kept." });

export const paymentSchema = z
  .object({
    txHash: z.string(),
    from: z.string().meta({ description: "The sender's address." }),
    blockNumber: z.int(),
    confirmations: z.int().meta({ description: "1 when the payment's block is the newest." }),
    requiredConfirmations: z.int(),
    detectedAt: timeSchema,
  })
  .meta({ id: "Payment", description: "The transfer that pays the invoice." });

const whiteLabel = z
  .object({
    cancelUrl: z
      .string()
      .meta({ format: "uri", description: "Carries the right to cancel: keep it from customers who must not." }),
    statusUrl: z.string().meta({ format: "uri" }),
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
    reference: z.string(),
    assetCode,
    payoutAddress: z.string(),
    amountUsdtExact: moneySchema.describe("What the customer must pay, to the last digit."),
    status: z.enum(INVOICE_STATUSES),
    expiresAt: timeSchema,
    paymentUrl: z.string().meta({ format: "uri" }),
    createdAt: timeSchema,
    isTest: z.boolean(),
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
  .meta({ id: "Invoice" });

const pagination = {
  page: z.int(),
  limit: z.int(),
  total: z.int(),
  totalPages: z.int(),
};

export const invoiceListSchema = z
  .object({
    data: z.array(invoiceSchema),
    pagination: z.object({
      ...pagination,
      nextCursor: text.describe("Give it as cursor to get the next page; null on the last one."),
    }),
  })
  .meta({ id: "InvoiceList" });

const statisticsSchema = z.object({
  total: z.int(),
  byStatus: z.object({ pending: z.int(), confirmed: z.int(), expired: z.int(), cancelled: z.int() }),
  confirmedVolumeUsdt: moneySchema,
});

export const accountSchema = z
  .object({
    id: uuid,
    name: z.string(),
    email: z.string().nullable(),
    status: z.enum(["active", "suspended"]),
    createdAt: timeSchema,
    mode: z.enum(MODES),
    wallets: z.array(
      z.object({
        id: uuid,
        network,
        assetCode,
        address: z.string(),
        label: text,
        isDefault: z.boolean(),
        createdAt: timeSchema,
      }),
    ),
    statistics: statisticsSchema.extend({
      last24Hours: statisticsSchema.describe("Of invoices created in the last 24 hours."),
      last30Days: statisticsSchema.describe("Of invoices created in the last 30 days."),
    }),
    networks: z.array(
      z.object({
        network,
        label: z.string(),
        assetCode,
        status: z.enum(["off", "starting", "ok", "behind", "failing"]),
        healthy: z.boolean().meta({ description: "Scanning keeps up with the network." }),
        blocksBehind: z.int().nullable(),
        secondsBehind: z.int().nullable().meta({ description: "Age of the newest block that was scanned." }),
      }),
    ),
  })
  .meta({ id: "Account" });

export const apiLogListSchema = z
  .object({
    data: z.array(
      z.object({
        id: uuid,
        method: z.string(),
        path: z.string(),
        statusCode: z.int(),
        durationMs: z.int(),
        ip: text,
        userAgent: text,
        requestId: z.string(),
        requestBody: text.describe("At most 8 KB, secrets masked."),
        responseBody: text.describe("At most 8 KB, secrets masked."),
        errorCode: text,
        createdAt: timeSchema,
      }),
    ),
    pagination: z.object(pagination),
  })
  .meta({ id: "ApiLogList" });

export const simulationSchema = z
  .object({
    id: uuid,
    scenario: z.string(),
    status: z.enum(["sent", "scheduled"]),
    dueAt: timeSchema.describe("When the transfer is made."),
    invoice: invoiceSchema,
  })
  .meta({ id: "Simulation" });

export const testWebhookResultSchema = z
  .object({
    url: z.string(),
    request: z.object({ headers: z.record(z.string(), z.string()), body: z.string() }).describe("What was sent."),
    response: z
      .object({
        delivered: z.boolean().meta({ description: "Whether it would count as delivered: a 2xx in time." }),
        statusCode: z.int().nullable(),
        body: text.describe("The first 2 KB."),
        durationMs: z.int(),
        error: text,
      })
      .describe("What came back."),
  })
  .meta({ id: "TestWebhookResult" });

export const errorSchema = z
  .object({
    statusCode: z.int(),
    message: z.string().meta({ description: "What is wrong and what to do, for people." }),
    error: z.string().meta({ description: "The HTTP status text." }),
    code: z.string().meta({ description: "Stable; branch on this." }),
    requestId: z.string(),
    details: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe("Every problem of the input."),
    invoiceId: text.optional().describe("With duplicate_reference: the invoice that has it."),
  })
  .meta({ id: "Error" });

// Requests of lists.

const whole = (name: string, min: number, max: number) => {
  const message = `${name} must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((n) => n >= min && n <= max, message);
};
const pageQuery = (defaultLimit: number) => ({
  page: whole("page", 1, 1_000_000).default(1).meta({ type: "integer", minimum: 1, maximum: 1_000_000, default: 1 }),
  limit: whole("limit", 1, 100)
    .default(defaultLimit)
    .meta({ type: "integer", minimum: 1, maximum: 100, default: defaultLimit }),
});

/** A day means all of it; a moment is itself. */
const moment = (name: string, end: boolean) =>
  z
    .union(
      [z.iso.datetime({ offset: true }), z.iso.date()],
      `${name} must be a date or time such as 2024-01-15 or 2024-01-15T14:30:00Z`,
    )
    .transform((value) => {
      const isDay = value.length === 10;
      const at = new Date(value).getTime();
      // The last second, or day, is part of the range.
      return new Date(end ? at + (isDay ? 86_400_000 : 1_000) : at);
    });

const CURSOR = /^(\d{1,15})_([0-9a-f-]{36})$/;
const cursor = z
  .string()
  .max(200, "cursor is not one that was given out")
  .transform((value, ctx) => {
    const match = CURSOR.exec(Buffer.from(value, "base64url").toString("latin1"));
    const id = z.uuid().safeParse(match?.[2]);
    if (match && id.success) return { createdAt: new Date(Number(match[1])), id: id.data };
    ctx.addIssue({
      code: "custom",
      message: "cursor is not one that was given out: take nextCursor of the page before",
    });
    return z.NEVER;
  });

/** The cursor behind a row: where the next page begins. */
export function printCursor(row: { createdAt: Date; id: string }): string {
  return Buffer.from(`${row.createdAt.getTime()}_${row.id}`).toString("base64url");
}

export const listInvoicesQuery = z.object({
  ...pageQuery(20),
  status: z.enum(INVOICE_STATUSES, `status must be one of ${INVOICE_STATUSES.join(", ")}`).optional(),
  assetCode: z.enum(ASSET_CODES, `assetCode must be one of ${ASSET_CODES.join(", ")}`).optional(),
  reference: z
    .string()
    .regex(/^[\x20-\x7e]{1,50}$/, "reference must be 1 to 50 printable ASCII characters")
    .optional(),
  from: moment("from", false).optional().meta({ description: "Created at this time or later." }),
  to: moment("to", true).optional().meta({ description: "Created up to and with this second, or day." }),
  cursor: cursor.optional().meta({ description: "nextCursor of the page before: for deep paging, in place of page." }),
});

export const listApiLogsQuery = z.object(pageQuery(50));
