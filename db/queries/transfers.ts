import { and, asc, eq, gt, inArray, isNull, lt, lte, type SQL, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { invoices, payments, transfers, wallets } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";

export type Transfer = typeof transfers.$inferSelect;
export type NewTransfer = typeof transfers.$inferInsert;

/**
 * Stores transfers. One that is known under its identity is left as it is, unless it was orphaned or stands in another block
 * now: then it is canonical there, and is matched again.
 * @returns how many are new or came back.
 */
export async function storeTransfers(tx: Executor, found: NewTransfer[]): Promise<number> {
  if (found.length === 0) return 0;
  const rows = await tx
    .insert(transfers)
    .values(found)
    .onConflictDoUpdate({
      target: [transfers.network, transfers.mode, transfers.txHash, transfers.ordinal],
      set: {
        status: sql`excluded.status`,
        blockNumber: sql`excluded.block_number`,
        blockHash: sql`excluded.block_hash`,
        blockTime: sql`excluded.block_time`,
        logIndex: sql`excluded.log_index`,
        matchedAt: null,
      },
      setWhere: sql`${transfers.status} = 'orphaned' or ${transfers.blockHash} <> excluded.block_hash`,
    })
    .returning({ id: transfers.id });
  return rows.length;
}

/** Transfers of failed transactions that were not asked about again yet, in blocks up to `number`. */
export function listFailedTransfers(db: Executor, network: Network, number: number): Promise<Transfer[]> {
  return db
    .select()
    .from(transfers)
    .where(
      and(
        eq(transfers.network, network),
        eq(transfers.mode, "live"),
        eq(transfers.status, "failed"),
        isNull(transfers.matchedAt),
        lte(transfers.blockNumber, number),
      ),
    )
    .limit(100);
}

/** Closes the case of a failed transaction's transfer: it was right to call it failed. */
export async function closeFailedTransfer(db: Executor, id: string): Promise<void> {
  await db
    .update(transfers)
    .set({ matchedAt: sql`now()` })
    .where(and(eq(transfers.id, id), eq(transfers.status, "failed")));
}

/** Puts transfers in the place of one that was called failed by mistake, perhaps under another ordinal. */
export async function replaceFailedTransfer(db: Executor, id: string, found: NewTransfer[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.delete(transfers).where(and(eq(transfers.id, id), eq(transfers.status, "failed")));
    await storeTransfers(tx, found);
  });
}

/** The live transfers that are stored of these transactions. */
export async function listTransfersOf(db: Executor, network: Network, txHashes: string[]): Promise<Transfer[]> {
  if (txHashes.length === 0) return [];
  return await db
    .select()
    .from(transfers)
    .where(and(eq(transfers.network, network), eq(transfers.mode, "live"), inArray(transfers.txHash, txHashes)));
}

export type Candidate = { transferId: string; invoiceId: string; merchantId: string };

const unmatched = (network: Network, mode: Mode) =>
  and(
    eq(transfers.network, network),
    eq(transfers.mode, mode),
    isNull(transfers.matchedAt),
    eq(transfers.status, "canonical"),
  );

/**
 * Which transfers not yet matched fit which invoices: one set-based query whose cost is that of the transfers, not of the
 * open invoices. The rule is the contract's §4; a cancelled invoice is paid by hand only.
 * @param skewSeconds how far before its creation an invoice may be paid.
 */
export function findCandidates(
  db: Executor,
  network: Network,
  mode: Mode,
  skewSeconds: number,
  limit: number,
): Promise<Candidate[]> {
  return db
    .select({ transferId: transfers.id, invoiceId: invoices.id, merchantId: invoices.merchantId })
    .from(transfers)
    .innerJoin(
      wallets,
      and(
        eq(wallets.network, transfers.network),
        eq(wallets.addressKey, transfers.toAddressKey),
        sql`(${transfers.merchantId} is null or ${transfers.merchantId} = ${wallets.merchantId})`,
      ),
    )
    .innerJoin(
      invoices,
      and(
        eq(invoices.walletId, wallets.id),
        eq(invoices.mode, transfers.mode),
        eq(invoices.amount, transfers.units),
        inArray(invoices.status, ["pending", "expired"]),
        sql`${transfers.blockTime} >= ${invoices.createdAt} - make_interval(secs => ${skewSeconds}::int)`,
        sql`${transfers.blockTime} <= ${invoices.expiresAt}`,
        sql`not exists (select 1 from ${payments} where ${payments.invoiceId} = ${invoices.id}
          or (${payments.transferId} = ${transfers.id} and ${payments.merchantId} = ${invoices.merchantId}))`,
      ),
    )
    .where(unmatched(network, mode))
    .orderBy(asc(transfers.blockNumber), asc(transfers.logIndex))
    .limit(limit);
}

/** Locks transfers that are still there to be matched; returns their ids. */
export async function lockUnmatched(tx: Executor, ids: string[]): Promise<Set<string>> {
  const rows = await tx
    .select({ id: transfers.id })
    .from(transfers)
    .where(and(inArray(transfers.id, ids), isNull(transfers.matchedAt), eq(transfers.status, "canonical")))
    .orderBy(asc(transfers.id))
    .for("update");
  return new Set(rows.map((row) => row.id));
}

/** Locks invoices that a transfer may still pay; returns their ids. */
export async function lockPayable(tx: Executor, ids: string[]): Promise<Set<string>> {
  const rows = await tx
    .select({ id: invoices.id, status: invoices.status })
    .from(invoices)
    .where(inArray(invoices.id, ids))
    .orderBy(asc(invoices.id))
    .for("update");
  return new Set(rows.filter((row) => row.status === "pending" || row.status === "expired").map((row) => row.id));
}

/**
 * Joins transfers to invoices, in the order given. The primary key (an invoice is paid once) and payments_transfer_once (a
 * transfer pays one invoice of a merchant) drop what would be a second payment.
 */
export async function insertPayments(
  tx: Executor,
  pairs: (Candidate & { resolution?: "automatic" | "manual" })[],
): Promise<Candidate[]> {
  if (pairs.length === 0) return [];
  const rows = await tx.insert(payments).values(pairs).onConflictDoNothing().returning();
  return rows.map(({ transferId, invoiceId, merchantId }) => ({ transferId, invoiceId, merchantId }));
}

export type TransferInBlock = { id: string; blockHash: string };

/** Transfers not yet matched that stand in blocks before `before`: no invoice made from now on can fit them. */
export function listClosable(db: Executor, network: Network, mode: Mode, before: Date): Promise<TransferInBlock[]> {
  return db
    .select({ id: transfers.id, blockHash: transfers.blockHash })
    .from(transfers)
    .where(and(unmatched(network, mode), lt(transfers.blockTime, before)));
}

/** Ends matching of transfers, unless one was included again in another block since it was listed. */
export async function closeMatching(db: Executor, closable: TransferInBlock[]): Promise<void> {
  if (closable.length === 0) return;
  const hashes = new Set(closable.map((transfer) => transfer.blockHash));
  const ids = closable.map((transfer) => transfer.id);
  await db
    .update(transfers)
    .set({ matchedAt: sql`now()` })
    .where(
      and(
        inArray(transfers.id, ids),
        inArray(transfers.blockHash, [...hashes]),
        isNull(transfers.matchedAt),
        eq(transfers.status, "canonical"),
      ),
    );
}

export type PaidTransfer = { transferId: string; invoiceId: string; merchantId: string };

/** The canonical live transfers of a network above a height: what a reorg takes away. */
export const liveTransfersAbove = (network: Network, number: number) =>
  and(eq(transfers.network, network), eq(transfers.mode, "live"), gt(transfers.blockNumber, number));

/** One simulated transfer. */
export const testTransfer = (id: string) => and(eq(transfers.id, id), eq(transfers.mode, "test"));

/**
 * Orphans transfers and undoes the payments they made to invoices that are not confirmed. Lock order: invoice, then transfer.
 * @returns how many were orphaned, and those whose invoice was confirmed already: these payments stay.
 */
export async function orphanTransfers(
  tx: Executor,
  which: SQL | undefined,
): Promise<{ orphaned: number; afterConfirmation: PaidTransfer[] }> {
  const canonical = and(which, inArray(transfers.status, ["canonical", "failed"]));
  const paid = await tx
    .select({ invoiceId: invoices.id, merchantId: invoices.merchantId, transferId: payments.transferId })
    .from(invoices)
    .innerJoin(payments, eq(payments.invoiceId, invoices.id))
    .innerJoin(transfers, eq(transfers.id, payments.transferId))
    .where(canonical)
    .orderBy(asc(invoices.id))
    .for("update", { of: invoices });
  const rows = await tx.update(transfers).set({ status: "orphaned" }).where(canonical).returning({ id: transfers.id });
  // Read again: between the two statements a payment may have been joined to a transfer that is orphaned now.
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return { orphaned: 0, afterConfirmation: [] };
  await tx.delete(payments).where(and(inArray(payments.transferId, ids), isNull(payments.confirmedAt)));
  const kept = await tx
    .select({ transferId: payments.transferId })
    .from(payments)
    .where(inArray(payments.transferId, ids));
  const confirmed = new Set(kept.map((row) => row.transferId));
  return { orphaned: rows.length, afterConfirmation: paid.filter((row) => confirmed.has(row.transferId)) };
}

/** Locks one transfer, whatever its state; null where it is not there. */
export async function lockTransfer(tx: Executor, id: string): Promise<Transfer | null> {
  const [row] = await tx.select().from(transfers).where(eq(transfers.id, id)).for("update");
  return row ?? null;
}
