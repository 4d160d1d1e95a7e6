import { NodeError } from "./rpc";
import type { BlockHeader, TransferLog } from "./types";

/**
 * Checks that headers follow one another by their parents' hashes and that every log is of the block it claims. A conflict
 * inside one node's answer is a node not to be believed, never a reorg.
 * @param headers ascending; gaps are allowed (catching up reads only some).
 * @throws {NodeError}
 */
export function checkChain(headers: readonly BlockHeader[], logs: readonly TransferLog[]): void {
  for (let i = 1; i < headers.length; i++) {
    const [parent, child] = [headers[i - 1], headers[i]];
    if (!parent || !child || child.number !== parent.number + 1) continue;
    if (child.parentHash !== parent.hash)
      throw new NodeError(`block ${child.number} does not follow block ${parent.number}`);
    if (child.time < parent.time) throw new NodeError(`block ${child.number} is older than its parent`);
  }
  const hashes = new Map(headers.map((header) => [header.number, header.hash]));
  for (const entry of logs) {
    const expected = hashes.get(entry.blockNumber);
    if (expected && expected !== entry.blockHash) throw new NodeError("a log is of another block than the header");
  }
}
