/** When a delivery is tried again. Pure: the time and the chance are given. */

/** The first attempt and 10 retries. */
export const MAX_ATTEMPTS = 11;

/** The pause before the first retry, in seconds; it doubles with each one after. */
export const FIRST_RETRY_SECONDS = 30;

/** The longest pause that a receiver's Retry-After can ask for, in seconds. */
export const MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60;

const JITTER = 0.2;

/** What the schedule needs to know of an attempt; a `SendOutcome` is one. */
export interface AttemptOutcome {
  /** Answered with a 2xx. */
  ok: boolean;
  /** Null when there was no answer. */
  statusCode: number | null;
  /** The Retry-After field as it was sent, or null. */
  retryAfter: string | null;
}

/** What becomes of the delivery: another attempt, or the end. */
export type NextAttempt = { retryAt: Date } | { final: "delivered" | "failed" };

/** An attempt that was just made. */
export interface NextAttemptInput {
  /** 1 for the first attempt, 11 for the last. */
  attemptNumber: number;
  outcome: AttemptOutcome;
  now: Date;
  /** A number from 0 to 1, as `Math.random` gives. */
  random: () => number;
}

/**
 * Decides what follows an attempt. A 2xx is delivered, 410 Gone and the eleventh failure are failed, and everything else
 * (no answer, a redirect, any other status) is tried again after 30 s · 2ⁿ ± 20 %, n being 0 to 9, or at the time that
 * Retry-After asks for if that is later, but at most 24 h from now. The first retry is made when it asks for it, sooner too:
 * after that a receiver that always says "1" would use up its retries in seconds.
 *
 * @throws RangeError when `attemptNumber` is not a whole number from 1.
 */
export function nextAttempt({ attemptNumber, outcome, now, random }: NextAttemptInput): NextAttempt {
  if (!Number.isSafeInteger(attemptNumber) || attemptNumber < 1) {
    throw new RangeError(`attemptNumber must be a whole number from 1, not ${attemptNumber}`);
  }
  if (outcome.ok) return { final: "delivered" };
  if (outcome.statusCode === 410 || attemptNumber >= MAX_ATTEMPTS) return { final: "failed" };
  const jitter = 1 - JITTER + 2 * JITTER * random();
  const scheduledMs = FIRST_RETRY_SECONDS * 1000 * 2 ** (attemptNumber - 1) * jitter;
  const askedMs = Math.min(retryAfterMs(outcome.retryAfter, now), MAX_RETRY_AFTER_SECONDS * 1000);
  const pauseMs = attemptNumber === 1 && askedMs > 0 ? askedMs : Math.max(scheduledMs, askedMs);
  return { retryAt: new Date(now.getTime() + Math.round(pauseMs)) };
}

/**
 * The three date forms of RFC 9110 §5.6.7. `Date.parse` alone would read "-5" as a day in 2001 and "2" as one of this
 * year, and would take the third form, which names no zone, for local time.
 */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\dA-Za-z: -]+$/;

/** Milliseconds from now that a Retry-After field (RFC 9110 §10.2.3) asks for; 0 if it asks for none or makes no sense. */
function retryAfterMs(field: string | null, now: Date): number {
  const text = field?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return 0;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
