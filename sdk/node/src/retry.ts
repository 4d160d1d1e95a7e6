/** When a request that failed is made again. */
import { ConnectionError, RateLimitError, type UsdtGatewayError } from "./errors.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** The API's limits are by the minute. Whoever says to wait longer is not waited for. */
const LONGEST_RETRY_AFTER_SECONDS = 60;

/** Answers after which a request that may be repeated is repeated. */
const PASSING = new Set([408, 500, 502, 503, 504]);

/** Failures before anything was sent: the name was not found, or nobody took the connection. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/**
 * How long to wait before the request is made again, in milliseconds; null when it must not be, because it is no use, or because
 * it may have been carried out and repeating it would do it twice.
 * @param failures how many requests were made, all of them failed.
 * @param repeatable whether doing it twice is the same as doing it once.
 */
export function retryDelayMs(
  error: UsdtGatewayError,
  failures: number,
  repeatable: boolean,
  random = Math.random(),
): number | null {
  if (!isWorthRepeating(error, repeatable)) return null;
  const after = error.retryAfterSeconds;
  if (after !== undefined && after > LONGEST_RETRY_AFTER_SECONDS) return null;
  // Between half and all of it: clients that failed together do not come back together.
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS) * (0.5 + random / 2);
  // Never before the gateway said, and then not all at once either.
  return after === undefined ? backoff : after * 1000 + random * 100;
}

function isWorthRepeating(error: UsdtGatewayError, repeatable: boolean): boolean {
  // Refused before anything was done.
  if (error instanceof RateLimitError) return true;
  if (error instanceof ConnectionError) return repeatable || NEVER_SENT.has(error.code);
  if (!repeatable || error.statusCode === undefined) return false;
  return error.code === "idempotency_in_flight" || PASSING.has(error.statusCode);
}

/** The Retry-After field: seconds, or an HTTP date. Undefined where it is neither. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

/** @throws the signal's reason, when it is aborted. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
