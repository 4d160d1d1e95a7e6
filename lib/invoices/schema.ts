import { z } from "zod";
import { NumberText, RawJson } from "@/lib/api/json";
import { parseAmount } from "@/lib/money";
import { ASSET_CODES } from "@/lib/networks";

/** What invoices are asked for with and how they are shown. These schemas validate requests and make the OpenAPI document. */

export const METADATA_BYTES = 16 * 1024;
const MAX_DEPTH = 64;

const AMOUNT_MESSAGES = {
  format: 'Amount must be a number or a decimal string, such as 150 or "150.0000"',
  decimals: "Amount must have at most 4 decimal places",
  range: "Amount must be from 0.0001 to 1000000000 USDT",
} as const;

const amount = z
  .unknown()
  .meta({
    oneOf: [
      { type: "number", minimum: 0.0001, maximum: 1_000_000_000 },
      { type: "string", pattern: "^\\d{1,60}(\\.\\d{1,4})?$" },
    ],
    description: "Amount in USDT, at most 4 decimal places. A string avoids any rounding on your side.",
    examples: ["150.0000", 150],
  })
  .transform((value, ctx) => {
    const isDecimal = typeof value === "string" && /^\d{1,60}(\.\d{1,60})?$/.test(value);
    const text = value instanceof NumberText ? value.text : isDecimal ? value : null;
    if (value === undefined || value === null) {
      ctx.addIssue({ code: "custom", message: 'amountUsdt is required: the amount in USDT, such as "150.0000"' });
      return z.NEVER;
    }
    // Trailing zeros count as places: what is written must be what is meant.
    const written = text === null ? 0 : (/\.(\d+)$/.exec(text)?.[1]?.length ?? 0);
    const parsed = text === null ? ({ ok: false, reason: "format" } as const) : parseAmount(text);
    if (parsed.ok && written <= 4) return parsed.units;
    const reason = parsed.ok ? "decimals" : parsed.reason;
    ctx.addIssue({ code: "custom", message: AMOUNT_MESSAGES[reason] });
    return z.NEVER;
  });

/** Text for people: at most `max` characters, nothing that PostgreSQL or a page cannot hold. */
const words = (name: string, max: number) =>
  z
    .string(`${name} must be text`)
    .refine((text) => [...text].length <= max, `${name} must have at most ${max} characters`)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), `${name} has characters that are not text`)
    .meta({ maxLength: max });

const url = (name: string) =>
  z
    .string(`${name} must be a URL`)
    .max(500, `${name} must have at most 500 characters`)
    .refine(isHttpUrl, `${name} must be an absolute http or https URL, such as https://example.com/path`)
    .meta({ format: "uri", pattern: "^https?://", maxLength: 500 });

function isHttpUrl(text: string): boolean {
  // The URL parser forgives white space and control characters; an address that is stored and called must not have them.
  // It would also find a host behind any number of slashes.
  if (!/^https?:\/\/[^/\\]/i.test(text) || /[\s\p{Cc}]/u.test(text) || !text.isWellFormed()) return false;
  try {
    return Boolean(new URL(text).hostname);
  } catch {
    return false;
  }
}

const callbackUrl = url("callbackUrl").refine((text) => {
  try {
    const { username, password } = new URL(text);
    return !username && !password;
  } catch {
    return true;
  }
}, "callbackUrl must not contain a user name or password");

const metadata = z
  .unknown()
  .meta({
    type: "object",
    additionalProperties: true,
    description: "Your own data, at most 16 KB of JSON; comes back as it is.",
  })
  .transform((value, ctx) => {
    const problem =
      !(value instanceof RawJson) || !value.text.startsWith("{")
        ? "metadata must be a JSON object"
        : Buffer.byteLength(value.text) > METADATA_BYTES
          ? "metadata must have at most 16 KB of JSON"
          : depthOf(value.text) > MAX_DEPTH
            ? `metadata must be nested at most ${MAX_DEPTH} levels deep`
            : null;
    if (problem === null && value instanceof RawJson) return value.text;
    ctx.addIssue({ code: "custom", message: problem ?? "metadata must be a JSON object" });
    return z.NEVER;
  });

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === "{" || token === "[") deepest = Math.max(deepest, ++depth);
    else if (token === "}" || token === "]") depth--;
  }
  return deepest;
}

export const referenceSchema = z
  .string("reference must be text")
  .regex(/^[ -~]{1,50}$/, "reference must be 1 to 50 printable ASCII characters")
  .refine((text) => text !== "." && text !== "..", "reference must not be . or ..");

// A client that sends null for what it leaves out means the same.
const optional = <T extends z.ZodType>(schema: T) => schema.nullish();

export const createInvoiceSchema = z
  .object({
    amountUsdt: amount,
    assetCode: optional(z.enum(ASSET_CODES, `assetCode must be one of ${ASSET_CODES.join(", ")}`)).meta({
      description: "If left out: that of walletId, else of the only network you have wallets on.",
    }),
    reference: optional(referenceSchema).meta({
      description: "Your order number, unique per mode, not . or ..; generated if left out.",
      minLength: 1,
      maxLength: 50,
      examples: ["ORDER-12345"],
    }),
    callbackUrl: optional(callbackUrl).meta({ description: "Where the webhook goes; else your default URL." }),
    returnUrl: optional(url("returnUrl")).meta({ description: "Where the customer goes after paying." }),
    expirySeconds: optional(
      z
        .int("expirySeconds must be a whole number from 300 to 7200")
        .min(300, "expirySeconds must be at least 300")
        .max(7200, "expirySeconds must be at most 7200"),
    ).meta({
      description:
        "How long the customer has to pay. If left out: your account's default, which is 1800 until you change it.",
    }),
    metadata: optional(metadata),
    walletId: optional(z.guid("walletId must be the id of one of your wallets").toLowerCase()).meta({
      description: "Pay into this wallet, and only this one; else the network's default wallet.",
    }),
    title: optional(words("title", 200)).meta({ description: "Shown on the pay page." }),
    description: optional(words("description", 500)).meta({ description: "Shown on the pay page." }),
    useWhiteLabel: optional(z.boolean("useWhiteLabel must be true or false")).meta({
      description: "Adds whiteLabel to this invoice: what your own pay page needs.",
      default: false,
    }),
  })
  .meta({ id: "CreateInvoiceRequest" });

export type CreateInvoiceInput = z.output<typeof createInvoiceSchema>;
