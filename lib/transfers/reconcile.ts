import { db } from "@/db/client";
import { insertAudit } from "@/db/queries/audit";
import { type BlockRef, deleteBlocksAbove, listBlocks, lockCursorAt, moveCursor } from "@/db/queries/chain";
import { liveTransfersAbove, orphanTransfers } from "@/db/queries/transfers";
import type { Network } from "@/lib/chains/networks";
import { NodeBehind, NodeError } from "@/lib/chains/rpc";
import type { BlockHeader, ChainNode } from "@/lib/chains/types";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import { CLOCK_SKEW_SECONDS } from "./match";

const HEADERS_A_CALL = 50;

/**
 * Whether the chain's head contradicts what was read. Only a different hash at the same height does: a lower head is a node
 * that lags, and a missing log is never evidence. A head above the position is compared by its parent when it is read.
 * @throws {NodeBehind} when the node is merely behind.
 */
export async function isReorg(network: Network, position: BlockRef, head: BlockHeader): Promise<boolean> {
  if (head.number > position.number) return false;
  if (head.number === position.number) return head.hash !== position.hash;
  const stored = (await listBlocks(db(), network)).find((block) => block.number === head.number);
  if (!stored || stored.hash === head.hash) {
    throw new NodeBehind(`the node is at block ${head.number}, ${position.number} was read already`);
  }
  return true;
}

/**
 * Undoes what left the chain: walks back to the newest stored block that the chain still has, orphans the transfers above it,
 * deletes the payments they made to invoices that were not confirmed, and sets the cursor there. One transaction, guarded by
 * the cursor's row.
 * @returns the new position, from where reading goes on; always below the old one.
 * @throws {NodeError} when the node contradicts itself, or has none of the recent blocks.
 */
export async function rollBack(network: Network, node: ChainNode, position: BlockRef): Promise<BlockRef> {
  const stored = await listBlocks(db(), network);
  const ancestor = await commonAncestor(node, stored);
  if (!ancestor) {
    throw new NodeError(
      `none of the ${stored.length} recent blocks is on this node's chain: it is another chain, or it was reset`,
    );
  }
  // Its headers said that the chain left this block, and here it is.
  if (ancestor.number >= position.number)
    throw new NodeError(`the node contradicts itself about block ${position.number}`);
  const undone = await db().transaction(async (tx) => {
    if (!(await lockCursorAt(tx, network, position))) return null;
    const result = await orphanTransfers(tx, liveTransfersAbove(network, ancestor.number), CLOCK_SKEW_SECONDS);
    // The invoice stays confirmed: goods may have left. Nothing is hidden: the merchant and the operator are told.
    for (const { merchantId, invoiceId, transferId } of result.afterConfirmation) {
      const data = { invoiceId, network };
      await insertAudit(tx, { merchantId, actor: "system", action: "payment.orphaned", target: transferId, data });
    }
    await deleteBlocksAbove(tx, network, ancestor.number);
    await moveCursor(tx, network, ancestor);
    return result;
  });
  if (!undone) throw new NodeBehind("another scanner moved the cursor");
  const depth = position.number - ancestor.number;
  log.warn({ network, from: position.number, to: ancestor.number, depth, orphaned: undone.orphaned }, "reorg undone");
  for (const payment of undone.afterConfirmation) {
    metrics().orphanedPayments.inc({ network });
    log.error({ network, ...payment }, "payment.orphaned: the transfer of a confirmed invoice left the chain");
  }
  return ancestor;
}

/**
 * @param stored newest first.
 * @throws {NodeBehind} where the node merely lacks the blocks above it: only another hash is evidence that one left.
 */
async function commonAncestor(node: ChainNode, stored: BlockRef[]): Promise<BlockRef | null> {
  let contradicted = false;
  for (let start = 0; start < stored.length; start += HEADERS_A_CALL) {
    const part = stored.slice(start, start + HEADERS_A_CALL);
    const headers = await node.readHeaders(part.map((block) => block.number));
    const place = part.findIndex((block, i) => headers[i]?.hash === block.hash);
    contradicted ||= headers.slice(0, place < 0 ? undefined : place).some((header) => header !== null);
    if (place < 0) continue;
    if (!contradicted && start + place > 0) throw new NodeBehind("the node lacks blocks that were read already");
    return part[place] ?? null;
  }
  return null;
}
