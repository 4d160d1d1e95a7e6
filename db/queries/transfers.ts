import { and, asc, eq, gt, inArray, isNull, lt, lte, type SQL, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { invoices, payments, transfers, wallets } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";

export type Transfer = typeof transfers.$inferSelect;
export type NewTransfer = typeof transfers.$inferInsert;

/**
 * A statement holds 65,535 values at most. Anybody can make more transfers than fit into one, and none of them may keep the
 * others from being stored.
 */
const ROWS_A_STATEMENT = 1_000;
const IDS_A_STATEMENT = 10_000;

function* portions<T>(all: T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

/**
 * Stores transfers. One that is known under its identity is left as it is, unless it was orphaned or stands in another block
 * now: then it is what it is there, and is matched again. What a contract transfers, and to whom, may depend on the block.
 * @returns how many are new or came back.
 */
export async function storeTransfers(tx: Executor, found: NewTransfer[]): Promise<number> {
  let stored = 0;
  for (const some of portions(found, ROWS_A_STATEMENT)) {
    const rows = await tx
      .insert(transfers)
      .values(some)
      .onConflictDoUpdate({
        target: [transfers.network, transfers.mode, transfers.txHash, transfers.ordinal],
        set: {
          status: sql`excluded.status`,
          blockNumber: sql`excluded.block_number`,
          blockHash: sql`excluded.block_hash`,
          blockTime: sql`excluded.block_time`,
          logIndex: sql`excluded.log_index`,
          fromAddress: sql`excluded.from_address`,
          toAddressKey: sql`excluded.to_address_key`,
          value: sql`excluded.value`,
          units: sql`excluded.units`,
          matchedAt: null,
        },
        setWhere: sql`${transfers.status} = 'orphaned' or ${transfers.blockHash} <> excluded.block_hash`,
      })
      .returning({ id: transfers.id });
    stored += rows.length;
  }
  return stored;
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

/** Takes away a transfer that was called failed by mistake. @returns false where it is not there as that any more. */
export async function deleteFailedTransfer(tx: Executor, id: string): Promise<boolean> {
  const rows = await tx
    .delete(transfers)
    .where(and(eq(transfers.id, id), eq(transfers.status, "failed")))
    .returning({ id: transfers.id });
  return rows.length > 0;
}

/** The live transfers that are stored of these transactions. */
export async function listTransfersOf(db: Executor, network: Network, txHashes: string[]): Promise<Transfer[]> {
  const found: Transfer[] = [];
  for (const some of portions(txHashes, IDS_A_STATEMENT)) {
    const which = and(eq(transfers.network, network), eq(transfers.mode, "live"), inArray(transfers.txHash, some));
    found.push(...(await db.select().from(transfers).where(which)));
  }
  return found;
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
 * Whether a transfer is of an invoice's amount and made in its time.
 * @param skewSeconds how far before its creation an invoice may be paid.
 */
const fits = (
  skewSeconds: number,
) => sql`${invoices.mode} = ${transfers.mode} and ${invoices.amount} = ${transfers.units}
  and ${transfers.blockTime} between ${invoices.createdAt} - make_interval(secs => ${skewSeconds}::int) and ${invoices.expiresAt}`;

/**
 * Which transfers not yet matched fit which invoices: one set-based query whose cost is that of the transfers, not of the
 * open invoices. The rule is the contract's §4; a cancelled invoice is paid by hand only.
 * @param skewSeconds how far before its creation an invoice may be paid.
 */
export async function findCandidates(
  db: Executor,
  network: Network,
  mode: Mode,
  skewSeconds: number,
  limit: number,
): Promise<Candidate[]> {
  // "offset 0" keeps the invoices of each transfer a question of its own, answered by `invoices_match`: joined freely, a price that
  // many merchants ask for can make PostgreSQL read every invoice of that amount.
  const rows = await db.execute<Candidate>(sql`
    select ${transfers.id} as "transferId", fits.id as "invoiceId", fits.merchant_id as "merchantId"
    from ${transfers} cross join lateral (
      select ${invoices.id}, ${invoices.merchantId}
      from ${wallets} join ${invoices} on ${invoices.walletId} = ${wallets.id}
      where ${wallets.network} = ${transfers.network} and ${wallets.addressKey} = ${transfers.toAddressKey}
        and (${transfers.merchantId} is null or ${transfers.merchantId} = ${wallets.merchantId})
        and ${invoices.status} in ('pending', 'expired') and ${fits(skewSeconds)}
        and not exists (select 1 from ${payments} where ${payments.invoiceId} = ${invoices.id}
          or (${payments.transferId} = ${transfers.id} and ${payments.merchantId} = ${invoices.merchantId}))
      offset 0
    ) fits
    where ${unmatched(network, mode)}
    order by ${transfers.blockNumber}, ${transfers.logIndex}
    limit ${limit}::int`);
  return [...rows];
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

/** Transfers not yet matched that stand in blocks before `before`, so many of them: no invoice made from now on can fit them. */
export function listClosable(db: Executor, network: Network, mode: Mode, before: Date): Promise<TransferInBlock[]> {
  return db
    .select({ id: transfers.id, blockHash: transfers.blockHash })
    .from(transfers)
    .where(and(unmatched(network, mode), lt(transfers.blockTime, before)))
    .limit(IDS_A_STATEMENT);
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
 * @param skewSeconds how far before its creation an invoice may be paid.
 * @returns how many were orphaned, and those whose invoice was confirmed already: these payments stay.
 */
export async function orphanTransfers(
  tx: Executor,
  which: SQL | undefined,
  skewSeconds: number,
): Promise<{ orphaned: number; afterConfirmation: PaidTransfer[] }> {
  const canonical = and(which, inArray(transfers.status, ["canonical", "failed"]));
  await tx
    .select({ invoiceId: invoices.id })
    .from(invoices)
    .innerJoin(payments, eq(payments.invoiceId, invoices.id))
    .innerJoin(transfers, eq(transfers.id, payments.transferId))
    .where(canonical)
    .orderBy(asc(invoices.id))
    .for("update", { of: invoices });
  const rows = await tx.update(transfers).set({ status: "orphaned" }).where(canonical).returning({ id: transfers.id });
  // Read only now: until the transfers were locked, a payment could still be joined to one of them, or be confirmed.
  const ids = rows.map((row) => row.id);
  const afterConfirmation: PaidTransfer[] = [];
  for (const some of portions(ids, IDS_A_STATEMENT)) {
    const undone = await tx
      .delete(payments)
      .where(and(inArray(payments.transferId, some), isNull(payments.confirmedAt)))
      .returning({ invoiceId: payments.invoiceId });
    await reopenMatching(
      tx,
      undone.map((row) => row.invoiceId),
      skewSeconds,
    );
    const { transferId, invoiceId, merchantId } = payments;
    const kept = tx.select({ transferId, invoiceId, merchantId }).from(payments);
    afterConfirmation.push(...(await kept.where(inArray(payments.transferId, some))));
  }
  return { orphaned: ids.length, afterConfirmation };
}

/**
 * Lets transfers be matched again that may pay these invoices: what paid them has gone, and one that came second may have been
 * given up as a duplicate.
 */
async function reopenMatching(tx: Executor, invoiceIds: string[], skewSeconds: number): Promise<void> {
  if (invoiceIds.length === 0) return;
  await tx.execute(sql`
    update ${transfers} set matched_at = null
    from ${invoices} join ${wallets} on ${wallets.id} = ${invoices.walletId}
    where ${invoices.id} in ${invoiceIds} and ${transfers.network} = ${invoices.network}
      and ${transfers.toAddressKey} = ${wallets.addressKey} and ${fits(skewSeconds)}
      and ${transfers.status} = 'canonical' and ${transfers.matchedAt} is not null`);
}

/** Locks one transfer, whatever its state; null where it is not there. */
export async function lockTransfer(tx: Executor, id: string): Promise<Transfer | null> {
  const [row] = await tx.select().from(transfers).where(eq(transfers.id, id)).for("update");
  return row ?? null;
}
