import { db, reasonOf } from "@/db/client";
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
      log.warn({ lost: batch.length, reason: reasonOf(error) }, "api logs not stored");
      return;
    }
  }
}

// Values that must not be readable in a log: whatever looks like one of our secrets, and fields whose name says so.
// A slash may be written as \/ in JSON, and as %2F in a URL. Names are bounded: no input may make a match expensive.
const SECRETS = /\b(test|live|whsec)_(?:[A-Za-z0-9+=]|\\?\/|%[0-9A-Fa-f]{2}){16,}/g;
const NAMES = "passw(?:or)?d|secret|api[_-]?key|private[_-]?key|token|authorization";
const SECRET_FIELDS = new RegExp(
  `("[\\w-]{0,40}?(?:${NAMES})[\\w-]{0,40}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|-?\\d[\\w.+-]*)`,
  "gi",
);
const SECRET_PARAMETERS = new RegExp(`([?&][\\w-]{0,40}?(?:${NAMES})[\\w-]{0,40}=)[^&#\\s"\\\\]+`, "gi");

/** Replaces what is secret, for logs and for people who may read but not act. */
export function maskSecrets(text: string): string {
  return text
    .replace(SECRETS, "$1_[masked]")
    .replace(SECRET_FIELDS, '$1"[masked]"')
    .replace(SECRET_PARAMETERS, "$1[masked]");
}

// PostgreSQL's text has no NUL.
const clean = (text: string) => maskSecrets(text.replaceAll("\0", "\uFFFD"));

function capBody(body: string | null): string | null {
  if (body === null || body === "") return null;
  const bytes = Buffer.from(clean(body));
  // The cut may fall into a character: what is left of it is dropped.
  return bytes.length <= BODY_BYTES
    ? bytes.toString()
    : `${bytes
        .subarray(0, BODY_BYTES - 4)
        .toString()
        .replace(/\uFFFD$/, "")}…`;
}
