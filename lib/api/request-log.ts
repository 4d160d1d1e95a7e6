import { db } from "@/db/client";
import { type ApiLog, insertApiLogs } from "@/db/queries/api-logs";
import { log } from "@/lib/log";
import { onShutdown } from "@/lib/shutdown";

/**
 * The merchant's log of API requests, written in batches off the request's path. A crash may lose the last second of it; a
 * database that is away may lose more: it is for debugging, and never slows or fails a request.
 */
const FLUSH_MS = 1_000;
const BATCH = 500;
const MAX_WAITING = 10_000;
const BODY_BYTES = 8 * 1024;

const waiting: ApiLog[] = [];
let timer: NodeJS.Timeout | null = null;
let registered = false;

export function recordRequest(entry: ApiLog): void {
  if (waiting.length >= MAX_WAITING) return;
  waiting.push({
    ...entry,
    path: clean(entry.path).slice(0, 500),
    userAgent: entry.userAgent === null ? null : clean(entry.userAgent).slice(0, 300),
    requestBody: capBody(entry.requestBody),
    responseBody: capBody(entry.responseBody),
  });
  if (!registered) {
    registered = true;
    onShutdown("api logs", flushRequestLog);
  }
  timer ??= setTimeout(() => void flushRequestLog(), FLUSH_MS).unref();
}

/** Writes what is waiting. */
export async function flushRequestLog(): Promise<void> {
  if (timer) clearTimeout(timer);
  timer = null;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, BATCH);
    try {
      await insertApiLogs(db(), batch);
    } catch (error) {
      log.warn(
        { lost: batch.length, reason: error instanceof Error ? error.message : String(error) },
        "api logs not stored",
      );
      return;
    }
  }
}

// Values that must not be readable in a log: whatever looks like one of our secrets, and fields that name one.
// A slash may be written as \/ in JSON.
const SECRETS = /\b(test|live|whsec)_(?:[A-Za-z0-9+=]|\\?\/){16,}/g;
const SECRET_FIELDS = /("(?:password|secret|apiKey|token|authorization)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;
const CANCEL_TOKENS = /(\/cancel\?token=)[A-Za-z0-9_-]+/g;

/** Replaces what is secret, for logs and for people who may read but not act. */
export function maskSecrets(text: string): string {
  return text
    .replace(SECRETS, "$1_[masked]")
    .replace(SECRET_FIELDS, '$1"[masked]"')
    .replace(CANCEL_TOKENS, "$1[masked]");
}

// PostgreSQL's text has no NUL.
const clean = (text: string) => maskSecrets(text.replaceAll("\0", "\uFFFD"));

function capBody(body: string | null): string | null {
  if (body === null || body === "") return null;
  const bytes = Buffer.from(clean(body));
  // toWellFormed: a cut may fall into a character.
  return bytes.length <= BODY_BYTES
    ? bytes.toString()
    : `${bytes
        .subarray(0, BODY_BYTES - 4)
        .toString()
        .replace(/\uFFFD$/, "")}…`;
}
