/**
 * Money. Invoices count in `Units` of 0.0001 USDT; transfers keep the token's raw base units. Both are `bigint`, built
 * and printed only here: a JavaScript number never holds an amount.
 */

/** An amount in steps of 0.0001 USDT. */
export type Units = bigint;

const UNIT_DECIMALS = 4;
const UNITS_PER_USDT = 10n ** BigInt(UNIT_DECIMALS);

/** 0.0001 USDT. */
export const MIN_AMOUNT: Units = 1n;
/** 1,000,000,000 USDT. */
export const MAX_AMOUNT: Units = 1_000_000_000n * UNITS_PER_USDT;

export type ParsedAmount = { ok: true; units: Units } | { ok: false; reason: "format" | "decimals" | "range" };

// A JSON number may carry an exponent; a decimal string may not. Bounds on the digits keep the arithmetic small.
const DECIMAL = /^(-?)(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Parses the text of an amount of USDT ("150", "150.0000", "1.5e2") without floating point.
 * More than four decimal places are refused, never rounded.
 */
export function parseAmount(text: string): ParsedAmount {
  const match = DECIMAL.exec(text);
  if (!match) return { ok: false, reason: "format" };
  const [, sign, whole = "", fraction = "", exponentText] = match;
  const exponent = Number(exponentText ?? 0);
  const decimals = fraction.length - exponent;
  const digits = BigInt(whole + fraction);
  if (digits !== 0n && decimals > UNIT_DECIMALS) return { ok: false, reason: "decimals" };
  if (sign === "-" || digits === 0n) return { ok: false, reason: "range" };
  // Anything with so many zeros behind it is out of range; do not build the number to find out.
  if (UNIT_DECIMALS - decimals > 80) return { ok: false, reason: "range" };
  const units = digits * 10n ** BigInt(UNIT_DECIMALS - decimals);
  return units >= MIN_AMOUNT && units <= MAX_AMOUNT ? { ok: true, units } : { ok: false, reason: "range" };
}

/** Prints units with exactly four decimals: `1500000n` → `"150.0000"`. */
export function formatAmount(units: Units): string {
  const sign = units < 0n ? "-" : "";
  const absolute = units < 0n ? -units : units;
  const fraction = (absolute % UNITS_PER_USDT).toString().padStart(UNIT_DECIMALS, "0");
  return `${sign}${absolute / UNITS_PER_USDT}.${fraction}`;
}

const scale = (tokenDecimals: number) => 10n ** BigInt(tokenDecimals - UNIT_DECIMALS);

/** The token's base units of an amount: what a transfer must carry to the last digit. */
export function unitsToBase(units: Units, tokenDecimals: number): bigint {
  return units * scale(tokenDecimals);
}

/**
 * The units of a raw token value, or null where it is no whole number of units (10.00005 USDT) or larger than any
 * invoice: such a transfer pays nothing, and is never rounded to something that would.
 */
export function baseToUnits(value: bigint, tokenDecimals: number): Units | null {
  const factor = scale(tokenDecimals);
  if (value % factor !== 0n) return null;
  const units = value / factor;
  return units <= MAX_AMOUNT * 2n ? units : null;
}

/** Prints a raw token value with at least four decimals and no digit lost: `10000050000000000000n, 18` → `"10.00005"`. */
export function formatBase(value: bigint, tokenDecimals: number): string {
  const digits = value.toString().padStart(tokenDecimals + 1, "0");
  const whole = digits.slice(0, -tokenDecimals);
  const fraction = digits.slice(-tokenDecimals).replace(/0+$/, "").padEnd(UNIT_DECIMALS, "0");
  return `${whole}.${fraction}`;
}
