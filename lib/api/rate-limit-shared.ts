import { createHash } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import {
  admission,
  type LimitName,
  limitOf,
  type RateDecision,
  type RateLimiter,
  refusal,
  WINDOW_SECONDS,
} from "./rate-limit";

/** What a request waits for Redis at most. */
const TIMEOUT_MS = 250;
/** After a failure Redis is left alone for so long; then one request tries again, while the others go on without. */
const PAUSE_MS = 5_000;
/** Redis being away is one line of the log, and another one every so often while it lasts. */
const LOG_EVERY_MS = 60_000;
const PREFIX = "usdt-gateway:rate";

/**
 * A sliding window that all servers share, in Redis over Upstash's REST protocol. Where Redis is away or slow, requests are
 * served all the same, under the same limits counted in this process: they hold for each server instead of for all.
 */
export class SharedRateLimiter implements RateLimiter {
  private readonly redis: Redis;
  private readonly scripts: Scripts;
  private readonly limiters = new Map<number, Ratelimit>();
  private pausedUntil = 0;
  private loggedAt = 0;

  constructor(
    server: { url: string; token: string },
    /** Counts while Redis is away. */
    private readonly local: RateLimiter,
    timeoutMs = TIMEOUT_MS,
  ) {
    this.redis = new Redis({
      ...server,
      retry: false,
      enableTelemetry: false,
      // Our values are numbers and lists of numbers: nothing gains from being encoded.
      responseEncoding: false,
      signal: () => AbortSignal.timeout(timeoutMs),
    });
    this.scripts = plainScripts(this.redis);
  }

  async take(name: LimitName, subject: string): Promise<RateDecision> {
    if (Date.now() < this.pausedUntil) return await this.withoutRedis(name, subject);
    try {
      const decision = await this.ask(name, subject);
      this.recovered();
      return decision;
    } catch (error) {
      this.failed(error);
      return await this.withoutRedis(name, subject);
    }
  }

  private async ask(name: LimitName, subject: string): Promise<RateDecision> {
    const limit = limitOf(name);
    const identifier = `${name}/${subject}`;
    // While nobody knows whether Redis is back, the others need not wait to find out.
    if (this.pausedUntil > 0) this.pausedUntil = Date.now() + PAUSE_MS;
    const { success, remaining, reset } = await this.limiterOf(limit).limit(identifier);
    const windowMs = WINDOW_SECONDS * 1000;
    const elapsed = Math.min(1, Math.max(0, 1 - (reset - Date.now()) / windowMs));
    if (success) return admission(limit, remaining, elapsed);
    // The answer does not say how full the windows are, and that decides how long to wait.
    const window = Math.round(reset / windowMs) - 1;
    const keys = [window, window - 1].map((number) => `${PREFIX}:${identifier}:${number}`);
    const [count, previous] = await this.redis.mget<(number | null)[]>(keys);
    return refusal({ count: Number(count ?? 0), previous: Number(previous ?? 0) }, limit, elapsed);
  }

  /** One a limit: the library fixes it when it is made. */
  private limiterOf(limit: number): Ratelimit {
    const known = this.limiters.get(limit);
    if (known) return known;
    const limiter = new Ratelimit({
      redis: this.scripts,
      limiter: Ratelimit.slidingWindow(limit, `${WINDOW_SECONDS} s`),
      prefix: PREFIX,
      // The client's signal ends what takes too long; this would call it a success.
      timeout: 0,
      // It would refuse until the window's end what fits before.
      ephemeralCache: false,
      analytics: false,
    });
    this.limiters.set(limit, limiter);
    return limiter;
  }

  private async withoutRedis(name: LimitName, subject: string): Promise<RateDecision> {
    metrics().rateLimitFallbacks.inc();
    return await this.local.take(name, subject);
  }

  private failed(error: unknown): void {
    this.pausedUntil = Date.now() + PAUSE_MS;
    if (Date.now() - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = Date.now();
    const reason = reasonOf(error);
    log.warn({ reason }, "the Redis of the rate limits is away: each server counts for itself until it is back");
  }

  private recovered(): void {
    if (this.pausedUntil === 0) return;
    this.pausedUntil = 0;
    this.loggedAt = 0;
    log.info("the Redis of the rate limits is back");
  }
}

type Scripts = Pick<Redis, "get" | "set" | "eval" | "evalsha">;

/**
 * The library's scripts begin with a flag that Upstash's own server understands and any other Redis refuses (`#!lua
 * flags=allow-key-locking`). Without that line they do the same on both.
 */
function plainScripts(redis: Redis): Scripts {
  const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
  /** The hash of a script as the library knows it → as it is. */
  const hashes = new Map<string, string>();
  return {
    get: redis.get,
    set: redis.set,
    evalsha: ((hash: string, keys: string[], args: unknown[]) =>
      redis.evalsha(hashes.get(hash) ?? hash, keys, args)) as Redis["evalsha"],
    eval: ((script: string, keys: string[], args: unknown[]) => {
      const plain = script.replace(/^#!lua.*\n/, "");
      hashes.set(sha1(script), sha1(plain));
      return redis.eval(plain, keys, args);
    }) as Redis["eval"],
  };
}

/** The innermost cause, where the reason is; never the command, whose keys may hold addresses. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const text = inner instanceof Error ? inner.message : String(inner);
  return text.replace(/,? ?command was:.*/s, "").slice(0, 200);
}
