import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { resetEnv } from "@/lib/env";
import { LIMITS, type LimitName, LocalRateLimiter, limitOf, rateLimitHeaders, WINDOW_SECONDS } from "./rate-limit";

const before = process.env.RATE_LIMIT_MULTIPLIER;
const setMultiplier = (value: string | undefined) => {
  if (value === undefined) delete process.env.RATE_LIMIT_MULTIPLIER;
  else process.env.RATE_LIMIT_MULTIPLIER = value;
  resetEnv();
};
beforeAll(() => setMultiplier(undefined));
afterAll(() => setMultiplier(before));

// A minute's beginning, far from zero.
const START = 28_000_000 * 60_000;
let now = START;
let limiter = new LocalRateLimiter(() => now);
beforeEach(() => {
  now = START;
  limiter = new LocalRateLimiter(() => now);
});
const take = (name: LimitName = "list", subject = "merchant/test") => limiter.take(name, subject);
async function takeMany(count: number, name: LimitName = "list", subject?: string): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < count; i++) if ((await take(name, subject)).allowed) allowed++;
  return allowed;
}

describe("LocalRateLimiter", () => {
  it("has the contract's limits", () => {
    expect(LIMITS).toMatchObject({ create: 100, get: 300, list: 60, sandbox: 60, cancel: 100, account: 60 });
    expect(WINDOW_SECONDS).toBe(60);
  });

  it.each(Object.entries(LIMITS) as [LimitName, number][])(
    "lets exactly the limit of %s through, %i, and refuses the next",
    async (name, limit) => {
      for (let i = 1; i <= limit; i++) {
        expect(await take(name)).toMatchObject({ allowed: true, limit, remaining: limit - i });
      }
      expect(await take(name)).toMatchObject({ allowed: false, limit, remaining: 0 });
    },
  );

  it("counts every limit, merchant and mode for itself", async () => {
    await takeMany(60, "list", "a/test");
    expect((await take("list", "a/test")).allowed).toBe(false);
    for (const [name, subject] of [
      ["list", "a/live"],
      ["list", "b/test"],
      ["create", "a/test"],
    ] as const) {
      expect(await take(name, subject)).toMatchObject({ allowed: true, remaining: LIMITS[name] - 1 });
    }
  });

  it("does not count what it refused: trying all the time costs nobody their turn", async () => {
    await takeMany(60);
    expect(await takeMany(1_000)).toBe(0);
    const { resetSeconds } = await take();
    now += resetSeconds * 1000;
    expect((await take()).allowed).toBe(true);
  });

  it("weighs the last minute by the part of it that the window still covers", async () => {
    await takeMany(60);
    // Half of the last minute is still inside: 30 of its 60 count.
    now = START + 90_000;
    expect(await takeMany(100)).toBe(30);
    // A millisecond before its end none of it does: whole requests count.
    now = START + 120_000 - 1;
    expect(await takeMany(100)).toBe(30);
  });

  it("gives the whole limit again after a window without requests", async () => {
    await takeMany(60);
    now = START + 120_000;
    expect(await takeMany(100)).toBe(60);
  });

  it("resetSeconds is honest at every moment of a minute and for every history: waiting it admits one, and it is no second too long", async () => {
    for (const previous of [0, 1, 2, 30, 59, 60]) {
      for (let elapsed = 0; elapsed < 60_000; elapsed += 1_777) {
        now = START;
        limiter = new LocalRateLimiter(() => now);
        await takeMany(previous);
        now = START + 60_000 + elapsed;
        await takeMany(200);
        const asked = now;
        const { allowed, resetSeconds } = await take();
        expect(allowed).toBe(false);
        expect(Number.isInteger(resetSeconds) && resetSeconds >= 1).toBe(true);
        // Asking does not count, so the moments between can be tried one after another.
        if (resetSeconds > 1) {
          now = asked + (resetSeconds - 1) * 1000 - 1;
          expect((await take()).allowed, `${previous} ${elapsed} early`).toBe(false);
        }
        now = asked + resetSeconds * 1000;
        expect((await take()).allowed, `${previous} ${elapsed} after ${resetSeconds} s`).toBe(true);
      }
    }
  });

  it("never lets more than the limit through in a minute of the clock, nor twice the limit in any 60 s, under steady pressure", async () => {
    const passed: number[] = [];
    for (let t = 0; t < 600_000; t += 100) {
      now = START + t;
      if ((await take()).allowed) passed.push(t);
    }
    for (let minute = 0; minute < 10; minute++) {
      const inMinute = passed.filter((t) => Math.floor(t / 60_000) === minute).length;
      expect(inMinute).toBeLessThanOrEqual(60);
    }
    for (const t of passed) expect(passed.filter((u) => u >= t && u < t + 60_000).length).toBeLessThan(120);
    // And does not starve those who stay at it: the limit, on average, but for the first minute's burst.
    expect(passed.length).toBeGreaterThan(9 * 50);
  });

  it.each([
    ["0.5", 30],
    ["2", 120],
    ["0.033", 1],
    ["0.0001", 1],
    ["1.99", 119],
  ])("is scaled by RATE_LIMIT_MULTIPLIER=%s to %i, and never to nothing", async (multiplier, limit) => {
    setMultiplier(multiplier);
    try {
      expect(limitOf("list")).toBe(limit);
      expect(await takeMany(limit + 10)).toBe(limit);
      const { resetSeconds } = await take();
      now += resetSeconds * 1000;
      expect((await take()).allowed).toBe(true);
    } finally {
      setMultiplier(undefined);
    }
  });

  it("forgets subjects that are gone when there are very many, and keeps those of the present minute", async () => {
    const buckets = () => (limiter as unknown as { buckets: Map<string, unknown> }).buckets.size;
    for (let i = 0; i < 99_999; i++) await take("list", `old-${i}`);
    now = START + 120_000;
    await takeMany(60, "list", "present");
    expect(buckets()).toBe(100_000);
    await take("list", "one more");
    expect(buckets()).toBe(2);
    expect((await take("list", "present")).allowed).toBe(false);
    for (let i = 0; i < 150_000; i++) await take("list", `new-${i}`);
    expect(buckets()).toBeLessThanOrEqual(100_000);
  });
});

describe("rateLimitHeaders", () => {
  it("prints the fields of the draft", () => {
    expect(rateLimitHeaders("create", { allowed: true, limit: 100, remaining: 99, resetSeconds: 42 })).toEqual({
      "RateLimit-Policy": '"create";q=100;w=60',
      RateLimit: '"create";r=99;t=42',
    });
  });
});
