import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "@upstash/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type RedisBridge, startRedisBridge } from "@/e2e/redis-bridge";
import { describeWith } from "@/e2e/tools";
import { resetEnv } from "@/lib/env";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import { LIMITS, type LimitName, LocalRateLimiter, type RateLimiter } from "./rate-limit";
import { SharedRateLimiter } from "./rate-limit-shared";

const run = promisify(execFile);
const WINDOW_MS = 60_000;

describeWith("redis-server", "limits in Redis", (program) => {
  let bridge: RedisBridge;
  let now = 0;
  beforeAll(async () => {
    bridge = await startRedisBridge(program);
    vi.stubEnv("RATE_LIMIT_MULTIPLIER", "");
    resetEnv();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    resetEnv();
    await bridge.stop();
  });
  // The limiters ask for the time, and that only: a minute can be any minute.
  beforeEach(() => {
    now = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
    vi.spyOn(Date, "now").mockImplementation(() => now);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await bridge.behave("answer");
    await bridge.command("FLUSHALL");
  });

  /** Patient where Redis answers: a busy machine is no Redis that is away. */
  const newLimiter = (timeoutMs = 10_000) => new SharedRateLimiter(bridge, new LocalRateLimiter(() => now), timeoutMs);
  const IMPATIENT = 250;
  const fallbacks = async () => (await metrics().rateLimitFallbacks.get()).values[0]?.value ?? 0;
  async function takeMany(limiter: RateLimiter, count: number, name: LimitName = "list", subject = "m/test") {
    let allowed = 0;
    for (let i = 0; i < count; i++) if ((await limiter.take(name, subject)).allowed) allowed++;
    return allowed;
  }

  it.each(Object.entries(LIMITS) as [LimitName, number][])("let exactly %s's %i through", async (name, limit) => {
    expect(await takeMany(newLimiter(), limit + 3, name)).toBe(limit);
  });

  it("decide, count down and tell how long to wait exactly as in process, at every moment of a minute", async () => {
    let [allowed, refused] = [0, 0];
    for (const previous of [0, 31, 60]) {
      for (const elapsed of [0, 1, 29_999, 45_001]) {
        const subject = `${previous}/${elapsed}`;
        const begun = Math.floor(now / WINDOW_MS) * WINDOW_MS;
        const [shared, local] = [newLimiter(), new LocalRateLimiter(() => now)];
        now = begun;
        for (const limiter of [shared, local]) await takeMany(limiter, previous, "list", subject);
        now = begun + WINDOW_MS + elapsed;
        for (let i = 0; i < 63; i++) {
          const [mine, theirs] = [await shared.take("list", subject), await local.take("list", subject)];
          expect(mine, `${subject} ${i}`).toEqual(theirs);
          if (mine.allowed) allowed++;
          else refused++;
        }
      }
    }
    expect(allowed).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
    expect(await fallbacks()).toBe(0);
  });

  it("are shared by two processes", async () => {
    vi.restoreAllMocks();
    const script = `
      import { LocalRateLimiter } from "@/lib/api/rate-limit";
      import { SharedRateLimiter } from "@/lib/api/rate-limit-shared";
      const limiter = new SharedRateLimiter({ url: process.argv[1], token: process.argv[2] }, new LocalRateLimiter(), 10_000);
      let allowed = 0;
      for (let i = 0; i < 40; i++) if ((await limiter.take("list", "two/test")).allowed) allowed++;
      console.log(allowed);`;
    // A minute that ends in the middle would be another one's.
    while (Date.now() % WINDOW_MS > 45_000) await new Promise((done) => setTimeout(done, 500));
    const args = ["--import", "tsx", "--input-type=module", "-e", script, bridge.url, bridge.token];
    const env = { ...process.env, RATE_LIMIT_MULTIPLIER: "" };
    const outputs = await Promise.all([run(process.execPath, args, { env }), run(process.execPath, args, { env })]);
    const counts = outputs.map(({ stdout }) => Number(stdout));
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(60);
  });

  it("are kept in Redis no longer than they matter", async () => {
    await newLimiter().take("list", "short/test");
    const keys = (await bridge.command("KEYS", "*")) as string[];
    expect(keys).toEqual([expect.stringContaining("list/short/test")]);
    expect(Number(await bridge.command("PTTL", keys[0] ?? ""))).toBeLessThanOrEqual(2 * WINDOW_MS + 1_000);
  });

  describe("while Redis is away", () => {
    it.each(["refuse", "hang"] as const)(
      "(%s) requests are served under the limits of this process, counted and logged once",
      async (how) => {
        const warn = vi.spyOn(log, "warn");
        const before = await fallbacks();
        await bridge.behave(how);
        const limiter = newLimiter(IMPATIENT);
        const begun = performance.now();
        expect(await takeMany(limiter, 70)).toBe(60);
        // One of them waited for Redis.
        expect(performance.now() - begun).toBeLessThan(1_000);
        expect((await fallbacks()) - before).toBe(70);
        expect(warn).toHaveBeenCalledTimes(1);
        expect(JSON.stringify(warn.mock.calls)).not.toContain(bridge.token);
      },
    );

    it("a wrong token is nothing else", async () => {
      const warn = vi.spyOn(log, "warn");
      const limiter = new SharedRateLimiter({ url: bridge.url, token: "wrong" }, new LocalRateLimiter(() => now));
      expect((await limiter.take("list", "m/test")).allowed).toBe(true);
      expect(JSON.stringify(warn.mock.calls)).toContain("WRONGPASS");
    });

    it("many at once wait a quarter of a second together, and one in five seconds tries again", async () => {
      await bridge.behave("hang");
      const limiter = newLimiter(IMPATIENT);
      const timed = async () => {
        const begun = performance.now();
        await limiter.take("get", "m/test");
        return performance.now() - begun;
      };
      const first = await Promise.all(Array.from({ length: 50 }, timed));
      expect(Math.max(...first)).toBeLessThan(1_500);
      expect(Math.max(...(await Promise.all(Array.from({ length: 50 }, timed))))).toBeLessThan(250);
      now += 5_001;
      const later = await Promise.all(Array.from({ length: 50 }, timed));
      expect(later.filter((ms) => ms >= 245)).toHaveLength(1);
    });

    it("and is back, the shared count goes on", async () => {
      const limiter = newLimiter();
      expect(await takeMany(limiter, 50)).toBe(50);
      await bridge.behave("refuse");
      await limiter.take("list", "m/test");
      await bridge.behave("answer");
      now += 5_001;
      const info = vi.spyOn(log, "info");
      expect(await takeMany(limiter, 60)).toBe(10);
      expect(info).toHaveBeenCalledTimes(1);
    });

    it("but lost its data, counting begins anew", async () => {
      const limiter = newLimiter();
      expect(await takeMany(limiter, 70)).toBe(60);
      await bridge.command("FLUSHALL");
      // Its scripts are gone with a restart too: they are sent again.
      await bridge.command("SCRIPT", "FLUSH");
      expect(await takeMany(limiter, 70)).toBe(60);
    });
  });

  it("the bridge speaks Upstash's protocol: commands, pipelines, transactions, base64", async () => {
    vi.restoreAllMocks();
    const redis = new Redis({ ...bridge, enableTelemetry: false });
    expect(await redis.set("k", "wört")).toBe("OK");
    expect(await redis.get("k")).toBe("wört");
    expect(await redis.pipeline().incr("n").incr("n").exec()).toEqual([1, 2]);
    expect(await redis.multi().incr("n").get("n").exec()).toEqual([3, 3]);
    expect(await redis.eval("return {KEYS[1], ARGV[1]}", ["a"], ["b"])).toEqual(["a", "b"]);
    await expect(redis.eval("return nonsense(", [], [])).rejects.toThrow(/ERR/);
    await expect(new Redis({ url: bridge.url, token: "wrong" }).get("k")).rejects.toThrow(/WRONGPASS/);
  });
});
