import { and, desc, eq, getTableColumns, gt, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import { buildOnce, type Executor } from "@/db/client";
import { apiKeys, merchants, users } from "@/db/schema";

export type Merchant = typeof merchants.$inferSelect;
export type ApiKey = typeof apiKeys.$inferSelect;

export async function insertMerchant(
  tx: Executor,
  merchant: { id: string; name: string; webhookSecret: string },
): Promise<Merchant> {
  const [row] = await tx.insert(merchants).values(merchant).returning();
  if (!row) throw new Error("no merchant was inserted");
  return row;
}

/** @returns false where the e-mail address is taken. */
export async function insertUser(
  tx: Executor,
  user: { merchantId: string; email: string; passwordHash: string | null },
): Promise<boolean> {
  const rows = await tx.insert(users).values(user).onConflictDoNothing({ target: users.email }).returning();
  return rows.length > 0;
}

export async function insertApiKey(
  tx: Executor,
  key: Pick<ApiKey, "merchantId" | "mode" | "prefix" | "hash">,
): Promise<void> {
  await tx.insert(apiKeys).values(key);
}

/** The key with this hash, unless it has expired, with its merchant. */
export async function findApiKey(db: Executor, hash: string): Promise<{ key: ApiKey; merchant: Merchant } | null> {
  const [row] = await keyByHash(db).execute({ hash });
  return row ?? null;
}

const keyByHash = buildOnce((db) => {
  const alive = or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`));
  return db
    .select({ key: apiKeys, merchant: merchants })
    .from(apiKeys)
    .innerJoin(merchants, eq(merchants.id, apiKeys.merchantId))
    .where(and(eq(apiKeys.hash, sql.placeholder("hash")), alive))
    .prepare("key_by_hash");
});

export async function findMerchant(db: Executor, id: string): Promise<Merchant | null> {
  const [row] = await db.select().from(merchants).where(eq(merchants.id, id));
  return row ?? null;
}

/**
 * Makes changes of what a merchant has one of (its current key, say) wait for each other, until the end of the transaction. What
 * only refers to the merchant need not wait.
 * @returns false where there is no such merchant.
 */
export async function lockMerchant(tx: Executor, id: string): Promise<boolean> {
  const rows = await tx.select({ id: merchants.id }).from(merchants).where(eq(merchants.id, id)).for("no key update");
  return rows.length > 0;
}

/** @returns false where there is no such merchant. */
export async function setMerchantStatus(tx: Executor, id: string, status: Merchant["status"]): Promise<boolean> {
  const rows = await tx.update(merchants).set({ status }).where(eq(merchants.id, id)).returning({ id: merchants.id });
  return rows.length > 0;
}

/** The e-mail address of a merchant's first user. */
export async function findOwnerEmail(db: Executor, merchantId: string): Promise<string | null> {
  const [row] = await db
    .select({ email: users.email })
    .from(users)
    .where(eq(users.merchantId, merchantId))
    .orderBy(users.createdAt)
    .limit(1);
  return row?.email ?? null;
}

/** Ends a merchant's keys of a mode at a moment; those that end before it keep their end. */
export async function endKeys(tx: Executor, merchantId: string, mode: ApiKey["mode"], at: Date): Promise<void> {
  const outlives = and(gt(apiKeys.expiresAt, sql`now()`), gt(apiKeys.expiresAt, at));
  await tx
    .update(apiKeys)
    .set({ expiresAt: at })
    .where(and(eq(apiKeys.merchantId, merchantId), eq(apiKeys.mode, mode), or(isNull(apiKeys.expiresAt), outlives)));
}

/**
 * Replaces a merchant's webhook secret. The old one goes on signing until `graceUntil`; null: it is dead at once.
 * @returns false where there is no such merchant.
 */
export async function replaceWebhookSecret(
  tx: Executor,
  merchantId: string,
  sealed: string,
  graceUntil: Date | null,
): Promise<boolean> {
  const rows = await tx
    .update(merchants)
    .set({
      webhookSecret: sealed,
      previousWebhookSecret: graceUntil ? sql`${merchants.webhookSecret}` : null,
      previousWebhookSecretUntil: graceUntil,
    })
    .where(eq(merchants.id, merchantId))
    .returning({ id: merchants.id });
  return rows.length > 0;
}

/** @returns false where there is no such merchant. */
export async function setWebhookUrl(tx: Executor, merchantId: string, url: string | null): Promise<boolean> {
  const rows = await tx
    .update(merchants)
    .set({ webhookUrl: url })
    .where(eq(merchants.id, merchantId))
    .returning({ id: merchants.id });
  return rows.length > 0;
}

/** Whether any of a merchant's keys of a mode has ever been used. */
export async function hasUsedKey(db: Executor, merchantId: string, mode: ApiKey["mode"]): Promise<boolean> {
  const rows = await db
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.merchantId, merchantId), eq(apiKeys.mode, mode), isNotNull(apiKeys.lastUsedAt)))
    .limit(1);
  return rows.length > 0;
}

/** Keeps the first time that an API key was copied. */
export async function setKeyCopied(db: Executor, merchantId: string): Promise<void> {
  const unset = and(eq(merchants.id, merchantId), isNull(merchants.keyCopiedAt));
  await db.update(merchants).set({ keyCopiedAt: sql`now()` }).where(unset);
}

/** A merchant's keys of a mode that work, the newest first. */
export function listApiKeys(db: Executor, merchantId: string, mode: ApiKey["mode"]): Promise<Omit<ApiKey, "hash">[]> {
  const { hash, ...columns } = getTableColumns(apiKeys);
  const alive = or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`));
  return db
    .select(columns)
    .from(apiKeys)
    .where(and(eq(apiKeys.merchantId, merchantId), eq(apiKeys.mode, mode), alive))
    .orderBy(desc(apiKeys.createdAt));
}

/** Notes that keys are in use now. Those noted within the last minute are left alone: a row is not rewritten at every request. */
export async function touchApiKeys(db: Executor, ids: string[]): Promise<void> {
  const stale = or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, sql`now() - interval '1 minute'`));
  await db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(and(inArray(apiKeys.id, ids), stale));
}
