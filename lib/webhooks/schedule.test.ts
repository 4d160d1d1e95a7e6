import { describe, expect, it } from "vitest";
import { type AttemptOutcome, type NextAttempt, nextAttempt } from "./schedule";

const now = new Date("2024-01-15T14:30:00Z");
const failure: AttemptOutcome = { ok: false, statusCode: 500, retryAfter: null };

/** Seconds until the next attempt, or how it ended. */
function pauseAfter(attemptNumber: number, outcome: Partial<AttemptOutcome> = {}, random = 0.5): number | string {
  const next: NextAttempt = nextAttempt({
    attemptNumber,
    outcome: { ...failure, ...outcome },
    now,
    random: () => random,
  });
  return "final" in next ? next.final : (next.retryAt.getTime() - now.getTime()) / 1000;
}

describe("nextAttempt", () => {
  it("makes 10 retries at 30 s · 2ⁿ and then gives up", () => {
    const pauses = Array.from({ length: 12 }, (_, index) => pauseAfter(index + 1));
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, "failed", "failed"]);
  });

  it("keeps every pause within 20 % of the schedule", () => {
    expect([pauseAfter(1, {}, 0), pauseAfter(1, {}, 1)]).toEqual([24, 36]);
    expect([pauseAfter(10, {}, 0), pauseAfter(10, {}, 1)]).toEqual([12288, 18432]);
  });

  it.each([200, 201, 202, 204, 299])("is delivered by a %i, on the last attempt too", (statusCode) => {
    expect(pauseAfter(1, { ok: true, statusCode })).toBe("delivered");
    expect(pauseAfter(11, { ok: true, statusCode, retryAfter: "60" })).toBe("delivered");
  });

  it("ends at 410, whatever Retry-After says", () => {
    expect(pauseAfter(1, { statusCode: 410, retryAfter: "60" })).toBe("failed");
  });

  it.each([null, 101, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503])("tries again after %s", (statusCode) => {
    expect(pauseAfter(1, { statusCode })).toBe(30);
    expect(pauseAfter(11, { statusCode })).toBe("failed");
  });

  it.each([
    ["later seconds", "120", 120],
    ["earlier seconds", "5", 5],
    ["an earlier date", "Mon, 15 Jan 2024 14:30:10 GMT", 10],
    ["spaces around", " 120 ", 120],
    ["zero", "0", 30],
    ["a later date", "Mon, 15 Jan 2024 14:40:00 GMT", 600],
    ["a later date in the form of RFC 850", "Monday, 15-Jan-24 14:40:00 GMT", 600],
    ["a later date in the form of asctime", "Mon Jan 15 14:40:00 2024", 600],
    ["a past date", "Mon, 15 Jan 2024 14:00:00 GMT", 30],
    ["exactly a day", "86400", 86400],
    ["more than a day", "86401", 86400],
    ["a date in 75 years", "Thu, 15 Jan 2099 14:30:00 GMT", 86400],
    ["more digits than a number holds", "9".repeat(400), 86400],
    ["a negative number", "-60", 30],
    ["a fraction", "120.5", 30],
    ["an exponent", "1e9", 30],
    ["hex", "0xffff", 30],
    ["an impossible date", "Mon, 99 Foo 2024 14:40:00 GMT", 30],
    ["an ISO date", "2024-01-15T20:00:00Z", 30],
    ["nothing", "", 30],
    ["words", "soon", 30],
    ["a list", "120, 240", 30],
  ])(
    "makes the first retry when Retry-After asks for it, the others no sooner than the schedule: %s",
    (_what, retryAfter, seconds) => {
      expect(pauseAfter(1, { statusCode: 503, retryAfter })).toBe(seconds);
      expect(pauseAfter(2, { statusCode: 503, retryAfter })).toBe(Math.max(60, seconds));
    },
  );

  it("does not let Retry-After add an attempt", () => {
    expect(pauseAfter(11, { statusCode: 503, retryAfter: "120" })).toBe("failed");
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the attempt number %s", (attemptNumber) => {
    expect(() => pauseAfter(attemptNumber)).toThrow(RangeError);
  });
});
