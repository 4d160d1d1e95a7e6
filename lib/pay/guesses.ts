import { limitSubject } from "@/lib/api/client-ip";
import { rateLimiter } from "@/lib/api/rate-limit";
import { AppError } from "@/lib/errors";

/**
 * Who asks for references that do not exist too often is not answered for a while. Only such requests count, so that watching
 * one's own invoice costs nothing; and while it lasts everything is refused, or a hit would still tell itself apart.
 */

const KEY = Symbol.for("usdt-gateway.pay-guessers");
const store = globalThis as unknown as Record<symbol, Map<string, number> | undefined>;
const MAX_REMEMBERED = 100_000;

/** Until when each address is refused, in milliseconds of the clock. Known to this process; others learn by themselves. */
function refusedUntil(): Map<string, number> {
  store[KEY] ??= new Map();
  return store[KEY];
}

/** @throws {AppError} rate_limited */
export function refuseGuesser(ip: string | null, now = Date.now()): void {
  const subject = limitSubject(ip);
  const until = refusedUntil().get(subject);
  if (until === undefined) return;
  if (until > now) throw tooMany(Math.ceil((until - now) / 1000));
  refusedUntil().delete(subject);
}

/** Notes that an address asked for a reference that does not exist. @throws {AppError} rate_limited when it was one too many. */
export async function countGuess(ip: string | null, now = Date.now()): Promise<void> {
  const subject = limitSubject(ip);
  const { allowed, resetSeconds } = await rateLimiter().take("pay_unknown", subject);
  if (allowed) return;
  const refused = refusedUntil();
  if (refused.size >= MAX_REMEMBERED) refused.clear();
  refused.set(subject, now + resetSeconds * 1000);
  throw tooMany(resetSeconds);
}

const tooMany = (seconds: number) =>
  new AppError("rate_limited", `Too many references that do not exist. Try again in ${seconds} s`, {
    headers: { "retry-after": String(seconds) },
  });
