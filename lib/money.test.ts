import { describe, expect, it } from "vitest";
import { baseToUnits, formatAmount, formatBase, MAX_AMOUNT, MIN_AMOUNT, parseAmount, unitsToBase } from "./money";

/** The same numbers at every run. */
function* randomUnits(count: number): Generator<bigint> {
  let state = 0x9e3779b97f4a7c15n;
  for (let i = 0; i < count; i++) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    // Of every size: small amounts are as likely as large ones.
    yield (state % 10n ** BigInt((i % 14) + 1)) + 1n;
  }
}
const sample = () => [...randomUnits(2_000)].filter((units) => units <= MAX_AMOUNT);

describe("parseAmount", () => {
  it.each([
    ["0.0001", 1n],
    ["150", 1_500_000n],
    ["150.0000", 1_500_000n],
    ["150.1", 1_501_000n],
    ["0150.10", 1_501_000n],
    ["1e3", 10_000_000n],
    ["1E+3", 10_000_000n],
    ["1.5e2", 1_500_000n],
    ["1e-4", 1n],
    ["0.00015e1", 15n],
    ["1e9", MAX_AMOUNT],
    ["1000000000", MAX_AMOUNT],
    ["1000000000.0000", MAX_AMOUNT],
    ["999999999.9999", MAX_AMOUNT - 1n],
    // A double would make 100000000.00009999 of this one's neighbourhood.
    ["100000000.0001", 1_000_000_000_001n],
  ])("reads %s to the last digit", (text, units) => {
    expect(parseAmount(text)).toEqual({ ok: true, units });
  });

  it.each(["0.00001", "1.50000", "100000000.00011", "1e-5", "0.0001e-1", `0.${"0".repeat(59)}1`, "1e-999", "10e-5"])(
    "refuses %s for its fifth decimal place instead of rounding it away",
    (text) => expect(parseAmount(text)).toEqual({ ok: false, reason: "decimals" }),
  );

  it.each([
    "0",
    "0.0000",
    "0.00000",
    "-0",
    "-1",
    "-0.0001",
    "0e5",
    "1000000000.0001",
    "1000000001",
    "1e10",
    "1e999",
    "9".repeat(60),
    `${"9".repeat(60)}e999`,
  ])("refuses %s as out of range", (text) => expect(parseAmount(text)).toEqual({ ok: false, reason: "range" }));

  it.each([
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "+1",
    ".5",
    "5.",
    "1,5",
    "1_000",
    "0x10",
    "1e",
    "1e1000",
    "e1",
    "1.2.3",
    "--1",
    "NaN",
    "Infinity",
    "١٢",
    "１",
    "9".repeat(61),
    `1.${"0".repeat(61)}`,
  ])("refuses %j as no amount", (text) => expect(parseAmount(text)).toEqual({ ok: false, reason: "format" }));

  it("refuses a text of a megabyte at once", () => {
    const started = performance.now();
    expect(parseAmount("1".repeat(1_000_000)).ok).toBe(false);
    expect(parseAmount(`${"1".repeat(500_000)}.${"1".repeat(500_000)}`).ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(200);
  });

  it("bounds amounts to what the contract says", () => {
    expect([formatAmount(MIN_AMOUNT), formatAmount(MAX_AMOUNT)]).toEqual(["0.0001", "1000000000.0000"]);
  });
});

describe("printing", () => {
  it.each([
    [0n, "0.0000"],
    [1n, "0.0001"],
    [9_999n, "0.9999"],
    [10_000n, "1.0000"],
    [1_500_000n, "150.0000"],
    [-1n, "-0.0001"],
    [-15_000n, "-1.5000"],
    [10n ** 40n, `1${"0".repeat(36)}.0000`],
  ])("prints %s units with exactly four decimals", (units, text) => expect(formatAmount(units)).toBe(text));

  it("prints what parseAmount read, for amounts of every size", () => {
    for (const units of sample()) expect(parseAmount(formatAmount(units))).toEqual({ ok: true, units });
  });

  it.each([
    [0n, 6, "0.0000"],
    [1n, 6, "0.000001"],
    [1n, 18, "0.000000000000000001"],
    [12_345_600n, 6, "12.3456"],
    [10_000_050n, 6, "10.00005"],
    [10_000_050_000_000_000_000n, 18, "10.00005"],
    [10n * 10n ** 18n, 18, "10.0000"],
    [2n ** 256n - 1n, 6, `${(2n ** 256n - 1n) / 10n ** 6n}.639935`],
  ])("prints %s base units of %s decimals without losing a digit", (value, decimals, text) =>
    expect(formatBase(value, decimals)).toBe(text),
  );
});

describe.each([6, 18])("base units of a token with %s decimals", (decimals) => {
  const unit = 10n ** BigInt(decimals - 4);

  it("give back the same units, for amounts of every size", () => {
    for (const units of sample()) {
      const base = unitsToBase(units, decimals);
      expect(base).toBe(units * unit);
      expect(baseToUnits(base, decimals)).toBe(units);
      expect(formatBase(base, decimals)).toBe(formatAmount(units));
    }
  });

  it("are never rounded: one base unit more or less is no amount at all", () => {
    for (const units of sample()) {
      const base = unitsToBase(units, decimals);
      expect(baseToUnits(base + 1n, decimals)).toBeNull();
      expect(baseToUnits(base - 1n, decimals)).toBeNull();
      expect(baseToUnits(base + unit / 2n, decimals)).toBeNull();
    }
    // 10.00005 USDT does not pay 10.0000 or 10.0001.
    expect(baseToUnits((1_000_005n * unit) / 10n, decimals)).toBeNull();
  });

  it("are no amount where they are more than any invoice asks for", () => {
    expect(baseToUnits((2n ** 256n / unit - 1n) * unit, decimals)).toBeNull();
    expect(baseToUnits(unitsToBase(MAX_AMOUNT, decimals), decimals)).toBe(MAX_AMOUNT);
    // The highest amount an invoice can have been adjusted to.
    expect(baseToUnits(unitsToBase(MAX_AMOUNT + 10_000n, decimals), decimals)).toBe(MAX_AMOUNT + 10_000n);
  });
});
