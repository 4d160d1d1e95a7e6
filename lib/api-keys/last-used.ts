import { db, reasonOf } from "@/db/client";
import { type ApiKey, touchApiKeys } from "@/db/queries/merchants";
import { log } from "@/lib/log";
import { onShutdown } from "@/lib/shutdown";

/**
 * When keys were last used, written off the request's path in one statement for all of them, and for each at most once a
 * minute. A crash may lose the last second of it: it is for people to look at.
 */
const FLUSH_MS = 1_000;
const MINUTE_MS = 60_000;

const waiting = new Set<string>();
let timer: NodeJS.Timeout | null = null;
let registered = false;

/** @param key as it was read for this request: where it was noted lately, nothing is to do. */
export function noteUse({ id, lastUsedAt }: Pick<ApiKey, "id" | "lastUsedAt">): void {
  if (lastUsedAt && Date.now() - lastUsedAt.getTime() < MINUTE_MS) return;
  waiting.add(id);
  if (!registered) {
    registered = true;
    onShutdown("last use of keys", flushUses);
  }
  timer ??= setTimeout(() => void flushUses(), FLUSH_MS).unref();
}

/** Writes what is waiting. */
export async function flushUses(): Promise<void> {
  if (timer) clearTimeout(timer);
  timer = null;
  const ids = [...waiting];
  waiting.clear();
  if (ids.length === 0) return;
  try {
    await touchApiKeys(db(), ids);
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, "last use of keys not stored");
  }
}
