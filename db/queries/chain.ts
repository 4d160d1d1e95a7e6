import { and, desc, eq, gt, gte, lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { blocks, networkCursors } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";

export type Cursor = typeof networkCursors.$inferSelect;
export type BlockRef = { number: number; hash: string; time: Date };
export type StoredBlock = BlockRef & { parentHash: string };

const at = (network: Network, mode: Mode) => and(eq(networkCursors.network, network), eq(networkCursors.mode, mode));

/** How far a network has been read, or null before the first tick. */
export async function findCursor(db: Executor, network: Network, mode: Mode): Promise<Cursor | null> {
  const [row] = await db.select().from(networkCursors).where(at(network, mode));
  return row ?? null;
}

export function listCursors(db: Executor): Promise<Cursor[]> {
  return db.select().from(networkCursors);
}

/**
 * Takes or renews the scanner's lease on a network and reads its cursor, in one statement.
 * @returns null while another scanner holds the lease.
 */
export async function claimCursor(
  db: Executor,
  network: Network,
  owner: string,
  leaseSeconds: number,
): Promise<Cursor | null> {
  const until = sql`now() + make_interval(secs => ${leaseSeconds}::int)`;
  const [row] = await db
    .insert(networkCursors)
    .values({ network, mode: "live", leaseOwner: owner, leaseUntil: until })
    .onConflictDoUpdate({
      target: [networkCursors.network, networkCursors.mode],
      set: { leaseOwner: owner, leaseUntil: until },
      setWhere: sql`${networkCursors.leaseOwner} is not distinct from ${owner}::uuid
        or ${networkCursors.leaseUntil} is null or ${networkCursors.leaseUntil} < now()`,
    })
    .returning();
  return row ?? null;
}

/** Gives the lease back at an orderly end, so that another server goes on at once. */
export async function releaseCursors(db: Executor, owner: string): Promise<void> {
  await db
    .update(networkCursors)
    .set({ leaseOwner: null, leaseUntil: null })
    .where(eq(networkCursors.leaseOwner, owner));
}

/**
 * Locks the cursor for a change, if it still stands on `expected` (null: not started). The row lock and this comparison are
 * what makes two scanners harmless: the slower one finds the cursor moved and stores nothing.
 * @returns false where the cursor has moved.
 */
export async function lockCursorAt(
  tx: Executor,
  network: Network,
  expected: { number: number; hash: string } | null,
): Promise<boolean> {
  const row = await lockCursor(tx, network);
  if (!row) return false;
  return row.scannedNumber === (expected?.number ?? null) && row.scannedHash === (expected?.hash ?? null);
}

/** Locks the cursor wherever it stands: until the end of the transaction no scanner stores or undoes anything. */
export async function lockCursor(tx: Executor, network: Network): Promise<Cursor | null> {
  const [row] = await tx.select().from(networkCursors).where(at(network, "live")).for("update");
  return row ?? null;
}

/** Moves the cursor. Call it after `lockCursorAt`, in the transaction that stored what was found up to there. */
export async function moveCursor(tx: Executor, network: Network, to: BlockRef): Promise<void> {
  await tx
    .update(networkCursors)
    .set({
      scannedNumber: to.number,
      scannedHash: to.hash,
      scannedTime: to.time,
      // Where it goes back, what is read anew is looked at anew; where it begins, so does the second look.
      lookedNumber: sql`least(coalesce(${networkCursors.lookedNumber}, ${to.number}::bigint), ${to.number}::bigint)`,
    })
    .where(at(network, "live"));
}

/** Records what a good tick saw of the network. */
export async function recordHead(db: Executor, network: Network, head: { number: number; time: Date }): Promise<void> {
  await db
    .update(networkCursors)
    .set({ headNumber: head.number, headTime: head.time, lastSuccessAt: sql`now()`, lastError: null })
    .where(at(network, "live"));
}

/** Records up to where blocks were looked at again, unless a reorg has set that back since it stood at `from`. */
export async function recordLooked(db: Executor, network: Network, from: number, to: number): Promise<void> {
  const unmoved = eq(networkCursors.lookedNumber, from);
  await db
    .update(networkCursors)
    .set({ lookedNumber: to })
    .where(and(at(network, "live"), unmoved));
}

/** Records the finalized height; it never goes back. */
export async function recordFinalized(db: Executor, network: Network, number: number): Promise<void> {
  await db
    .update(networkCursors)
    .set({ finalizedNumber: sql`greatest(${networkCursors.finalizedNumber}, ${number}::bigint)` })
    .where(at(network, "live"));
}

export async function recordScanError(db: Executor, network: Network, message: string): Promise<void> {
  await db
    .update(networkCursors)
    .set({ lastError: message.slice(0, 500) })
    .where(at(network, "live"));
}

/** Stores recent hashes and forgets those below `keepFrom`. */
export async function storeBlocks(
  tx: Executor,
  network: Network,
  headers: StoredBlock[],
  keepFrom: number,
): Promise<void> {
  if (headers.length > 0) {
    await tx
      .insert(blocks)
      .values(headers.map(({ number, hash, parentHash, time }) => ({ network, number, hash, parentHash, time })))
      .onConflictDoUpdate({
        target: [blocks.network, blocks.number],
        set: { hash: sql`excluded.hash`, parentHash: sql`excluded.parent_hash`, time: sql`excluded.time` },
      });
  }
  await tx.delete(blocks).where(and(eq(blocks.network, network), lt(blocks.number, keepFrom)));
}

/** Recent blocks, newest first. */
export function listBlocks(db: Executor, network: Network): Promise<StoredBlock[]> {
  return db
    .select({ number: blocks.number, hash: blocks.hash, parentHash: blocks.parentHash, time: blocks.time })
    .from(blocks)
    .where(eq(blocks.network, network))
    .orderBy(desc(blocks.number));
}

/** The hashes of recent blocks by their height, from one height on. */
export async function listBlockHashes(db: Executor, network: Network, from: number): Promise<Map<number, string>> {
  const rows = await db
    .select({ number: blocks.number, hash: blocks.hash })
    .from(blocks)
    .where(and(eq(blocks.network, network), gte(blocks.number, from)));
  return new Map(rows.map((row) => [row.number, row.hash]));
}

export async function deleteBlocksAbove(tx: Executor, network: Network, number: number): Promise<void> {
  await tx.delete(blocks).where(and(eq(blocks.network, network), gt(blocks.number, number)));
}
