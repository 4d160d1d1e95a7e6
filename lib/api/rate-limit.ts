import { env } from "@/lib/env";
import { SharedRateLimiter } from "./rate-limit-shared";

/** Requests a minute, per merchant and mode; failed authentication, and what needs no key, per IP address. */
export const LIMITS = {
  create: 100,
  get: 300,
  list: 60,
  sandbox: 60,
  cancel: 100,
  account: 60,
  failed_authentication: 30,
  public: 300,
} as const;
export type LimitName = keyof typeof LIMITS;

/**
 * The same for doors without a key, per IP address: logging in (per account too), registering, and pay pages that do not exist,
 * which are guesses at references.
 */
const DOOR_LIMITS = { login_address: 30, login_account: 10, register: 10, pay_unknown: 60 } as const;
export type DoorLimitName = keyof typeof DOOR_LIMITS;

type AnyLimitName = LimitName | DoorLimitName;
const ALL_LIMITS: Record<AnyLimitName, number> = { ...LIMITS, ...DOOR_LIMITS };

export const WINDOW_SECONDS = 60;

export type RateDecision = {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Until a request is allowed again, or until the window is as good as new. */
  resetSeconds: number;
};

/** What counts requests: in process, or shared by several servers. */
export type RateLimiter = { take(name: AnyLimitName, subject: string): Promise<RateDecision> };

export const limitOf = (name: AnyLimitName): number =>
  Math.max(1, Math.floor(ALL_LIMITS[name] * env().rateLimitMultiplier));

/** What was let through in the present window and in the one before. */
export type Counts = { count: number; previous: number };
type Bucket = Counts & { window: number };
const MAX_SUBJECTS = 100_000;

/**
 * A sliding window in this process: the present minute's count plus the part of the last minute's that the window still
 * covers, in whole requests. The same arithmetic as the shared limiter's, so that moving to that one changes nothing for clients.
 */
export class LocalRateLimiter implements RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly now: () => number = Date.now) {}

  async take(name: AnyLimitName, subject: string): Promise<RateDecision> {
    const limit = limitOf(name);
    const nowMs = this.now();
    const windowMs = WINDOW_SECONDS * 1000;
    const window = Math.floor(nowMs / windowMs);
    const key = `${name}/${subject}`;
    const bucket = this.bucket(key, window);
    const elapsed = (nowMs % windowMs) / windowMs;
    const used = Math.floor((1 - elapsed) * bucket.previous) + bucket.count;
    if (used >= limit) return refusal(bucket, limit, elapsed);
    bucket.count++;
    return admission(limit, limit - used - 1, elapsed);
  }

  private bucket(key: string, window: number): Bucket {
    const known = this.buckets.get(key);
    if (known?.window === window) return known;
    if (this.buckets.size >= MAX_SUBJECTS) this.sweep(window);
    const bucket = { window, count: 0, previous: known?.window === window - 1 ? known.count : 0 };
    this.buckets.set(key, bucket);
    return bucket;
  }

  private sweep(window: number): void {
    for (const [key, bucket] of this.buckets) if (bucket.window < window - 1) this.buckets.delete(key);
    // Still full of live subjects: forgetting some is better than growing without end.
    if (this.buckets.size >= MAX_SUBJECTS) this.buckets.clear();
  }
}

/** @param elapsed the share of the present window that is over, 0–1. */
export function admission(limit: number, remaining: number, elapsed: number): RateDecision {
  return { allowed: true, limit, remaining, resetSeconds: Math.ceil((1 - elapsed) * WINDOW_SECONDS) };
}

/** A refusal that says how long to wait until one more request fits: in this window as the last one fades, else in the next. */
export function refusal({ count, previous }: Counts, limit: number, elapsed: number): RateDecision {
  // One fits as soon as the share of the last window that counts is below `room` requests.
  const room = limit - count;
  const fadesAt = room > 0 ? 1 - room / previous : null;
  const inNext = count === 0 ? 0 : Math.max(0, 1 - limit / count);
  const share = fadesAt !== null && fadesAt < 1 ? fadesAt - elapsed : 1 - elapsed + inNext;
  // Below, not at: a millisecond later.
  const resetSeconds = Math.max(1, Math.ceil(share * WINDOW_SECONDS + 0.001));
  return { allowed: false, limit, remaining: 0, resetSeconds };
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers. */
export function rateLimitHeaders(name: LimitName, decision: RateDecision): Record<string, string> {
  return {
    "RateLimit-Policy": `"${name}";q=${decision.limit};w=${WINDOW_SECONDS}`,
    RateLimit: `"${name}";r=${decision.remaining};t=${decision.resetSeconds}`,
  };
}

const KEY = Symbol.for("usdt-gateway.rate-limiter");
const store = globalThis as unknown as Record<symbol, RateLimiter | undefined>;

/** The process's limiter: shared with the other servers where Redis is configured. */
export function rateLimiter(): RateLimiter {
  const { upstash } = env();
  store[KEY] ??= upstash ? new SharedRateLimiter(upstash, new LocalRateLimiter()) : new LocalRateLimiter();
  return store[KEY];
}
