import { db } from "@/db/client";
import { listBlockHashes, lockCursor } from "@/db/queries/chain";
import { deleteFailedTransfer, type NewTransfer, storeTransfers } from "@/db/queries/transfers";
import type { Network } from "@/lib/chains/networks";
import { NodeError } from "@/lib/chains/rpc";

/**
 * Stores transfers of blocks that were scanned before and have been read again. The cursor's row lock keeps a reorg from being
 * undone meanwhile, and their blocks must be those that were scanned: a node on a fork of its own would move payments to blocks
 * that no reorg is ever going to undo.
 * @param insteadOf a transfer that was called failed by mistake and goes away for them, perhaps under another ordinal.
 * @returns how many are new or came back.
 * @throws {NodeError} where a block is another one than was scanned.
 */
export async function storeAgain(network: Network, found: NewTransfer[], insteadOf?: string): Promise<number> {
  if (found.length === 0) return 0;
  return await db().transaction(async (tx) => {
    const scanned = (await lockCursor(tx, network))?.scannedNumber ?? -1;
    const lowest = found.reduce((least, { blockNumber }) => Math.min(least, blockNumber), scanned);
    const hashes = await listBlockHashes(tx, network, lowest);
    for (const { blockNumber, blockHash } of found) {
      const expected = hashes.get(blockNumber) ?? blockHash;
      if (blockNumber > scanned || blockHash !== expected)
        throw new NodeError(`nodes disagree about block ${blockNumber}`);
    }
    if (insteadOf !== undefined && !(await deleteFailedTransfer(tx, insteadOf))) return 0;
    return await storeTransfers(tx, found);
  });
}
