import { describe, expect, it } from "vitest";
import { formatTime, formatTimeOrNull, sleep } from "./clock";

describe("formatTime", () => {
  it("prints ISO 8601 UTC to the second, and cuts fractions instead of rounding them up", () => {
    expect(formatTime(new Date("2024-01-15T14:30:00Z"))).toBe("2024-01-15T14:30:00Z");
    expect(formatTime(new Date("2024-01-15T15:29:59.999+01:00"))).toBe("2024-01-15T14:29:59Z");
  });

  it("formatTimeOrNull keeps null", () => {
    expect(formatTimeOrNull(null)).toBeNull();
    expect(formatTimeOrNull(new Date(0))).toBe("1970-01-01T00:00:00Z");
  });
});

describe("sleep", () => {
  it("waits as long as it was told", async () => {
    const started = performance.now();
    await sleep(30);
    // A timer may fire up to a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(28);
  });

  it("ends at once when the signal aborts, before or during it, and never rejects", async () => {
    const started = performance.now();
    await sleep(60_000, AbortSignal.abort());
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort(new Error("stop"));
    await sleeping;
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
