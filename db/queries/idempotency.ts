import { and, eq, gt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { idempotencyKeys } from "@/db/schema";
import type { Scope } from "./invoices";

export type StoredResponse = { fingerprint: string; statusCode: number; responseBody: string };

/**
 * Owns a key until the end of the transaction, without waiting.
 * @returns false while another transaction does: the same request is in flight.
 */
export async function tryLockIdempotencyKey(tx: Executor, scope: Scope, key: string): Promise<boolean> {
  const name = `idempotency/${scope.merchantId}/${scope.mode}/${key}`;
  const rows = await tx.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`,
  );
  return rows[0]?.locked ?? false;
}

const owned = (scope: Scope, key: string) =>
  and(
    eq(idempotencyKeys.merchantId, scope.merchantId),
    eq(idempotencyKeys.mode, scope.mode),
    eq(idempotencyKeys.key, key),
  );

/** The response stored under a key in the last 24 hours, or null. */
export async function findIdempotentResponse(db: Executor, scope: Scope, key: string): Promise<StoredResponse | null> {
  const young = gt(idempotencyKeys.createdAt, sql`now() - interval '24 hours'`);
  const [row] = await db
    .select()
    .from(idempotencyKeys)
    .where(and(owned(scope, key), young));
  return row ?? null;
}

/** Stores a response, in place of one older than 24 hours. */
export async function storeIdempotentResponse(
  tx: Executor,
  scope: Scope,
  key: string,
  response: StoredResponse,
): Promise<void> {
  await tx.delete(idempotencyKeys).where(owned(scope, key));
  await tx.insert(idempotencyKeys).values({ ...scope, key, ...response });
}
