import { z } from "zod";
import { businessNameSchema } from "@/lib/auth/schema";
import { isTimeZone } from "@/lib/time-zone";

/** What a merchant may set. Pure: browsers use the same schemas. */

export const businessSchema = z.object({
  name: businessNameSchema,
  timeZone: z.string().refine(isTimeZone, "The time zone must be one by name, such as Europe/Berlin"),
});

const LIMIT_MESSAGE = "The adjustment limit must be from 0 to 1 USDT, with at most 4 decimal places";

export const invoiceDefaultsSchema = z.object({
  /** USDT, as text: an amount is never a JavaScript number. */
  adjustmentLimitUsdt: z
    .string()
    .trim()
    .regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?)$/, LIMIT_MESSAGE),
  expiryMinutes: z.coerce
    .number("The time to pay must be a whole number of minutes")
    .int("The time to pay must be a whole number of minutes")
    .min(5, "The time to pay must be at least 5 minutes")
    .max(120, "The time to pay must be at most 120 minutes"),
});

export const MAX_FRAME_ORIGINS = 20;

/** `https://shop.example` or `http://localhost:8080`: what a browser calls an origin, and nothing that could end a policy's line. */
const isFrameOrigin = (text: string): boolean =>
  /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/.test(text) ||
  /^http:\/\/(localhost|127\.0\.0\.1)(:\d{1,5})?$/.test(text);

export const payPageSchema = z.object({
  /** `#rrggbb`; empty: ours. */
  accentColor: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^(#[0-9a-f]{6})?$/, "The colour must be # and six hexadecimal digits, such as #1f4fd8"),
  /** One a line. */
  frameOrigins: z
    .string()
    .max(5_000)
    .transform((text) =>
      [...new Set(text.split(/[\s,]+/).map((line) => line.toLowerCase().replace(/\/$/, "")))].filter(Boolean),
    )
    .refine(
      (origins) => origins.every(isFrameOrigin),
      "Each line must be https:// and a host, without a path, such as https://shop.example",
    )
    .refine((origins) => origins.length <= MAX_FRAME_ORIGINS, `At most ${MAX_FRAME_ORIGINS} sites are possible`),
});

/** The database holds the same limit (merchant_logos_size). */
export const MAX_LOGO_BYTES = 256 * 1024;

export const logoSchema = z.object({
  file: z
    .instanceof(Blob, { message: "Choose a picture" })
    .refine((file) => file.size > 0, "The file is empty")
    .refine((file) => file.size <= MAX_LOGO_BYTES, "The picture must have at most 256 KB"),
});
