import { db } from "@/db/client";
import { listBlocks, recordLooked, recordScanError } from "@/db/queries/chain";
import { listTransfersOf } from "@/db/queries/transfers";
import { checkChain } from "@/lib/chains/chain";
import { formatTxHash, type NetworkSpec } from "@/lib/chains/networks";
import { nodesOf } from "@/lib/chains/nodes";
import { NodeBehind, NodeError, RangeRefused } from "@/lib/chains/rpc";
import type { ChainNode, TransferLog } from "@/lib/chains/types";
import { log } from "@/lib/log";
import { toRows } from "./rows";
import { storeAgain } from "./store";
import type { WatchList } from "./watch-list";

/** Blocks that are looked at together: few calls, and what was missed comes to light minutes later at most. */
const BLOCKS = 40;
/** After an outage: in larger steps, as large as the node takes. */
const MANY_BLOCKS = 500;
const GROWTH = 10;

/**
 * Reads blocks a second time once they are deep, at the second URL if there is one, and stores the transfers that were left
 * out the first time: near its head a node can have a block and not yet its logs, and not every network has a bloom filter
 * that gives it away. On Tron one block of each stretch is also read by its transactions, because the index under the logs
 * can have holes; if it has, so is the whole stretch.
 */
export class SecondLook {
  private size = MANY_BLOCKS;

  constructor(
    private readonly spec: NetworkSpec,
    private readonly watched: WatchList,
  ) {}

  /**
   * Looks at the next stretch, if there is one. How far it has come stands in the cursor's row: a restart must not leave blocks
   * out that were read in a bad moment before it. Never throws for a node's fault: it is no more than a second look.
   * @param looked the last block that was looked at.
   * @param deepest the highest block that is deep enough.
   */
  async look(looked: number, deepest: number): Promise<void> {
    const { network, recentBlocks } = this.spec;
    const from = looked + 1;
    const waiting = deepest - looked;
    if (waiting < BLOCKS) return;
    const size = waiting > recentBlocks ? this.size : Math.min(this.size, BLOCKS);
    const to = Math.min(deepest, from + size - 1);
    try {
      const stored = (await listBlocks(db(), network)).find((block) => block.number === to);
      const added = await nodesOf(network).runElsewhere((node) => this.read(node, from, to, stored?.hash ?? null));
      if (added > 0) log.warn({ network, from, to, added }, "a second look found transfers that a node had left out");
      await recordLooked(db(), network, looked, to);
      this.size = Math.min(MANY_BLOCKS, this.size + GROWTH);
    } catch (error) {
      if (error instanceof RangeRefused && size > 1) this.size = Math.floor(size / 2);
      else if (!(error instanceof NodeError || error instanceof NodeBehind || error instanceof RangeRefused))
        throw error;
      else await recordScanError(db(), network, error.message);
    }
  }

  /** @param hash of block `to`; null where it is not kept any more. */
  private async read(node: ChainNode, from: number, to: number, hash: string | null): Promise<number> {
    const { headers, logs } = await node.readRange(from, to, this.watched.filter(), false);
    checkChain(headers, logs);
    if (hash !== null && headers.at(-1)?.hash !== hash) throw new NodeError(`nodes disagree about block ${to}`);
    const added = await this.add(node, logs);
    if (!node.audit) return added;
    const inOne = await this.audit(node, [to]);
    if (inOne === 0) return added;
    await recordScanError(db(), this.spec.network, `eth_getLogs of ${node.name} leaves out transfers of block ${to}`);
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    return added + inOne + (await this.audit(node, numbers));
  }

  private async audit(node: ChainNode, numbers: number[]): Promise<number> {
    const { network } = this.spec;
    const found = ((await node.audit?.(numbers)) ?? []).filter((transfer) => this.watched.has(transfer.to));
    const hashes = [...new Set(found.map((transfer) => formatTxHash(network, transfer.txHash)))];
    const known = new Set((await listTransfersOf(db(), network, hashes)).map((transfer) => transfer.txHash));
    const missing = hashes.filter((hash) => !known.has(hash));
    if (missing.length === 0) return 0;
    log.error({ network, node: node.name, transactions: missing }, "the node's logs have a hole");
    return await this.add(node, await node.readTransactions(missing));
  }

  /** Stores what is not known of these logs. */
  private async add(node: ChainNode, logs: TransferLog[]): Promise<number> {
    const { network } = this.spec;
    const ours = logs.filter((entry) => this.watched.has(entry.to));
    const hashes = [...new Set(ours.map((entry) => formatTxHash(network, entry.txHash)))];
    const key = (entry: { txHash: string; blockHash: string; logIndex: number }) =>
      `${formatTxHash(network, entry.txHash)} ${entry.blockHash} ${entry.logIndex}`;
    const known = new Set((await listTransfersOf(db(), network, hashes)).map(key));
    const verified = await node.verify(ours.filter((entry) => !known.has(key(entry))));
    return await storeAgain(network, toRows(this.spec, verified));
  }
}
