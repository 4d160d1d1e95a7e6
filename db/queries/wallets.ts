import { and, asc, count, eq, gt, isNull, sql } from "drizzle-orm";
import { buildOnce, type Executor } from "@/db/client";
import { invoices, merchants, wallets, watchLists } from "@/db/schema";
import type { Network } from "@/lib/env";
import type { Scope } from "./invoices";

export type Wallet = typeof wallets.$inferSelect;

/** A merchant's wallets in use, oldest first. */
export function listWallets(db: Executor, merchantId: string): Promise<Wallet[]> {
  return walletsOf(db).execute({ merchantId });
}

const walletsOf = buildOnce((db) =>
  db
    .select()
    .from(wallets)
    .where(and(eq(wallets.merchantId, sql.placeholder("merchantId")), isNull(wallets.archivedAt)))
    .orderBy(asc(wallets.createdAt), asc(wallets.id))
    .prepare("wallets_of"),
);

/** All of them, archived ones too. */
export function listAllWallets(db: Executor, merchantId: string): Promise<Wallet[]> {
  return db.select().from(wallets).where(eq(wallets.merchantId, merchantId)).orderBy(asc(wallets.createdAt));
}

export async function findWallet(db: Executor, merchantId: string, id: string): Promise<Wallet | null> {
  const [row] = await db
    .select()
    .from(wallets)
    .where(and(eq(wallets.id, id), eq(wallets.merchantId, merchantId)));
  return row ?? null;
}

/** Changes a wallet. Its address stays what it is: invoices were made for it. */
export async function updateWallet(
  tx: Executor,
  id: string,
  changes: Partial<Pick<Wallet, "label" | "isDefault" | "archivedAt">>,
): Promise<Wallet | null> {
  const [row] = await tx.update(wallets).set(changes).where(eq(wallets.id, id)).returning();
  return row ?? null;
}

/** Tells every copy of a merchant's wallets in memory that it is old. */
export async function raiseWalletsVersion(tx: Executor, merchantId: string): Promise<void> {
  const raised = { walletsVersion: sql`${merchants.walletsVersion} + 1` };
  await tx.update(merchants).set(raised).where(eq(merchants.id, merchantId));
}

/** How many of a merchant's wallets' invoices are open in a mode, by wallet. */
export async function countOpenInvoices(db: Executor, scope: Scope): Promise<Map<string, number>> {
  const rows = await db
    .select({ walletId: invoices.walletId, count: count() })
    .from(invoices)
    .where(
      and(eq(invoices.merchantId, scope.merchantId), eq(invoices.mode, scope.mode), eq(invoices.status, "pending")),
    )
    .groupBy(invoices.walletId);
  return new Map(rows.map((row) => [row.walletId, row.count]));
}

/** The merchant's wallet with this address key, archived or not, or null. */
export async function findWalletByKey(
  db: Executor,
  merchantId: string,
  network: Network,
  addressKey: string,
): Promise<Wallet | null> {
  const where = and(
    eq(wallets.merchantId, merchantId),
    eq(wallets.network, network),
    eq(wallets.addressKey, addressKey),
  );
  const [row] = await db.select().from(wallets).where(where);
  return row ?? null;
}

/**
 * Adds a wallet and puts it on the network's watch list; the merchant's first on a network becomes its default. Run it in a
 * transaction: the counter's row lock is what keeps watch numbers in commit order.
 * @returns null where the merchant already has the address.
 */
export async function insertWallet(
  tx: Executor,
  wallet: Pick<Wallet, "merchantId" | "network" | "address" | "addressKey" | "label">,
): Promise<Wallet | null> {
  const [list] = await tx
    .insert(watchLists)
    .values({ network: wallet.network, lastSeq: 1 })
    .onConflictDoUpdate({ target: watchLists.network, set: { lastSeq: sql`${watchLists.lastSeq} + 1` } })
    .returning();
  const [existing] = await tx
    .select({ id: wallets.id })
    .from(wallets)
    .where(and(eq(wallets.merchantId, wallet.merchantId), eq(wallets.network, wallet.network), wallets.isDefault))
    .limit(1);
  const [row] = await tx
    .insert(wallets)
    .values({ ...wallet, isDefault: !existing, watchSeq: list?.lastSeq ?? 0 })
    .onConflictDoNothing({ target: [wallets.merchantId, wallets.network, wallets.addressKey] })
    .returning();
  if (row) {
    await raiseWalletsVersion(tx, wallet.merchantId);
  }
  return row ?? null;
}

/** Addresses put on a network's watch list after `afterSeq`, in that order; archived wallets stay watched. */
export function listWatchedSince(
  db: Executor,
  network: Network,
  afterSeq: number,
): Promise<{ addressKey: string; seq: number }[]> {
  return db
    .select({ addressKey: wallets.addressKey, seq: wallets.watchSeq })
    .from(wallets)
    .where(and(eq(wallets.network, network), gt(wallets.watchSeq, afterSeq)))
    .orderBy(asc(wallets.watchSeq));
}
