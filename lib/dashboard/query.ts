import { z } from "zod";
import { INVOICE_STATUSES } from "@/db/schema";
import { RANGES, type Range } from "@/lib/dashboard/overview";
import { parsePosition } from "@/lib/lists/position";
import { NETWORKS } from "@/lib/networks";
import { addDays, startOfDay } from "@/lib/time-zone";

/** The filters of lists, which live in the URL. What is not understood counts as not given: a link never fails. */

export type RawQuery = Record<string, string | string[] | undefined>;

const text = (max: number) => z.string().trim().max(max).catch("");
const choice = <T extends readonly [string, ...string[]]>(values: T) => z.enum(values).optional().catch(undefined);
const day = z
  .string()
  .refine((value) => startOfDay(value, "UTC") !== null)
  .optional()
  .catch(undefined);

const flat = (raw: RawQuery) =>
  Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));

const period = { from: day, to: day, cursor: z.string().max(100).optional().catch(undefined) };
const invoiceQuery = z.object({
  q: text(200),
  status: choice(INVOICE_STATUSES),
  network: choice(NETWORKS),
  ...period,
});
const transferQuery = z.object({ q: text(200), network: choice(NETWORKS), cursor: period.cursor });
export const DELIVERY_STATUSES = ["pending", "delivered", "failed"] as const;
const deliveryQuery = z.object({ reference: text(50), status: choice(DELIVERY_STATUSES), ...period });
export const LOG_STATUSES = ["2", "4", "5", "400", "401", "404", "409", "429"] as const;
export const LOG_METHODS = ["GET", "POST"] as const;
const logQuery = z.object({ path: text(200), status: choice(LOG_STATUSES), method: choice(LOG_METHODS), ...period });

const spanOf = ({ from, to }: { from?: string; to?: string }, timeZone: string) => ({
  from: from ? (startOfDay(from, timeZone) ?? undefined) : undefined,
  // All of the last day.
  before: to ? (startOfDay(addDays(to, 1), timeZone) ?? undefined) : undefined,
});

/** What the list of invoices was asked for: `filters` as typed, `search` and `after` as the service takes them. */
export function parseInvoiceQuery(raw: RawQuery, timeZone: string) {
  const { cursor, ...filters } = invoiceQuery.parse(flat(raw));
  const { q, status, network } = filters;
  return {
    filters,
    search: { text: q, status, network, ...spanOf(filters, timeZone) },
    after: parsePosition(cursor),
  };
}

export function parseTransferQuery(raw: RawQuery) {
  const { cursor, ...filters } = transferQuery.parse(flat(raw));
  return { filters, search: { text: filters.q, network: filters.network }, after: parsePosition(cursor), cursor };
}

export function parseDeliveryQuery(raw: RawQuery, timeZone: string) {
  const { cursor, ...filters } = deliveryQuery.parse(flat(raw));
  const { status, reference } = filters;
  return {
    filters,
    // PostgreSQL has no NUL, and no reference either.
    search: { status, reference: reference.replaceAll("\0", "") || undefined, ...spanOf(filters, timeZone) },
    after: parsePosition(cursor),
  };
}

export function parseLogQuery(raw: RawQuery, timeZone: string) {
  const { cursor, ...filters } = logQuery.parse(flat(raw));
  const { status, method, path } = filters;
  return {
    filters,
    search: {
      status: status === undefined ? undefined : Number(status),
      method,
      path: path.replaceAll("\0", "") || undefined,
      ...spanOf(filters, timeZone),
    },
    after: parsePosition(cursor),
  };
}

/** The period of the overview. */
export const parseRange = (raw: RawQuery): Range => z.enum(RANGES).catch("30d").parse(flat(raw).range);

/** A path with a query; what is empty is left out. */
export function withQuery(path: string, values: Record<string, string | null | undefined>): string {
  const query = new URLSearchParams(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])));
  return query.size > 0 ? `${path}?${query}` : path;
}
