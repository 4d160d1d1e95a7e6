import { env } from "@/lib/env";

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

/** The same for the dashboard's doors: logging in, per IP address and per account; registering, per IP address. */
const DOOR_LIMITS = { login_address: 30, login_account: 10, register: 10 } as const;
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

type Bucket = { window: number; count: number; previous: number };
const MAX_SUBJECTS = 100_000;

/**
 * A sliding window in this process: the present minute's count plus the part of the last minute's that the window still
 * covers. The same arithmetic as a shared limiter, so that moving to one changes nothing for clients.
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
    const weighted = bucket.previous * (1 - elapsed) + bucket.count;
    if (weighted + 1 > limit + 1e-9) {
      return { allowed: false, limit, remaining: 0, resetSeconds: waitSeconds(bucket, limit, elapsed) };
    }
    bucket.count++;
    const remaining = Math.max(0, Math.floor(limit - weighted - 1));
    return { allowed: true, limit, remaining, resetSeconds: Math.ceil((1 - elapsed) * WINDOW_SECONDS) };
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

/** Seconds until one more request fits, rounded up: in this window as the last one fades, else in the next as this one does. */
function waitSeconds(bucket: Bucket, limit: number, elapsed: number): number {
  const room = limit - 1 - bucket.count;
  const fadesAt = bucket.previous > 0 && room >= 0 ? 1 - room / bucket.previous : null;
  if (fadesAt !== null && fadesAt <= 1) return Math.max(1, Math.ceil((fadesAt - elapsed) * WINDOW_SECONDS));
  const inNext = bucket.count === 0 ? 0 : Math.max(0, 1 - (limit - 1) / bucket.count);
  return Math.max(1, Math.ceil((1 - elapsed + inNext) * WINDOW_SECONDS));
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

/** The process's limiter. */
export function rateLimiter(): RateLimiter {
  store[KEY] ??= new LocalRateLimiter();
  return store[KEY];
}
