import { db } from "@/db/client";
import {
  type BlockRef,
  type Cursor,
  claimCursor,
  findCursor,
  lockCursorAt,
  moveCursor,
  recordFinalized,
  recordHead,
  recordScanError,
  storeBlocks,
} from "@/db/queries/chain";
import { oldestOpenInvoice } from "@/db/queries/invoices";
import { listDeepPayments } from "@/db/queries/settlement";
import { type NewTransfer, storeTransfers } from "@/db/queries/transfers";
import { formatAddress } from "@/lib/chains/address";
import { type Network, type NetworkSpec, networkSpec } from "@/lib/chains/networks";
import { nodesOf } from "@/lib/chains/nodes";
import { NodeBehind, NodeError, RangeRefused } from "@/lib/chains/rpc";
import type { BlockHeader, ChainNode, VerifiedTransfer } from "@/lib/chains/types";
import { settleInvoices } from "@/lib/invoices/settlement";
import { log } from "@/lib/log";
import { baseToUnits } from "@/lib/money";
import { CLOCK_SKEW_SECONDS, matchTransfers } from "./match";
import { isReorg, rollBack } from "./reconcile";
import { WatchList } from "./watch-list";

/** How long a scanner owns a network without a sign of life. A tick renews it. */
const LEASE_SECONDS = 10;
/** Near the head every header is read, so a batch is kept small. */
const NEAR_RANGE = 50;
const FIRST_FAR_RANGE = 100;
const LARGEST_FAR_RANGE = 2000;
/** A tick that catches up comes up for air this often: to renew its lease and let expiries and confirmations happen. */
const TICK_BUDGET_MS = 3_000;

/** The scanner of one network. It holds nothing that a restart would miss: the cursor is in the database. */
export class Scanner {
  private readonly spec: NetworkSpec;
  private readonly watched: WatchList;
  private farRange = FIRST_FAR_RANGE;

  constructor(
    readonly network: Network,
    /** Identifies this process in leases: a UUID. */
    private readonly owner: string,
  ) {
    this.spec = networkSpec(network);
    this.watched = new WatchList(network);
  }

  /**
   * Reads what is new on the chain, then matches and settles. Safe to run anywhere and at once.
   * @returns whether there is more to read right away.
   */
  async tick(): Promise<boolean> {
    const cursor = await claimCursor(db(), this.network, this.owner, LEASE_SECONDS);
    if (!cursor) return false;
    try {
      const { head, scanned } = await nodesOf(this.network).run((node) => this.read(node, cursor));
      await recordHead(db(), this.network, head);
      await this.settle(scanned, cursor);
      return scanned.number < head.number;
    } catch (error) {
      if (!(error instanceof NodeError || error instanceof NodeBehind || error instanceof RangeRefused)) throw error;
      await recordScanError(db(), this.network, error.message);
      // No node answers, but what is stored may still be unmatched: a crash can fall between the two.
      const scanned = positionOf(cursor);
      if (scanned) await matchTransfers(this.network, "live", scanned.time);
      return false;
    }
  }

  /** @param scanned what was read before matching starts: nothing may expire by what is stored during it. */
  private async settle(scanned: BlockRef, cursor: Cursor): Promise<void> {
    await matchTransfers(this.network, "live", scanned.time);
    await settleInvoices(this.network, "live", {
      scannedNumber: scanned.number,
      scannedTime: scanned.time,
      finalizedNumber: await this.finalized(scanned, cursor),
      requiredConfirmations: this.spec.confirmations,
      finality: this.spec.finality,
    });
  }

  /** The finalized height, asked for only when a payment is deep enough to be waiting for nothing else. */
  private async finalized(scanned: BlockRef, cursor: Cursor): Promise<number | null> {
    if (this.spec.finality !== "finalized") return null;
    const deepest = scanned.number - this.spec.confirmations + 1;
    const waiting = await listDeepPayments(db(), this.network, "live", deepest, 1);
    if (waiting.length === 0) return cursor.finalizedNumber;
    const number = await nodesOf(this.network).run((node) => node.readFinalized());
    await recordFinalized(db(), this.network, number);
    return Math.max(number, cursor.finalizedNumber ?? 0);
  }

  /** Everything that is asked of one node in a tick: the head, and block ranges up to it, each stored as it comes. */
  private async read(node: ChainNode, cursor: Cursor): Promise<{ head: BlockHeader; scanned: BlockRef }> {
    const deadline = Date.now() + TICK_BUDGET_MS;
    const head = await node.readHead();
    let position = positionOf(cursor);
    if (!position) position = await this.begin(node, head);
    if (await isReorg(this.network, position, head)) {
      position = await rollBack(this.network, node, position);
    }
    // After the head: a wallet that was there before a block was, is in the list when that block is read.
    await this.watched.refresh();
    while (position.number < head.number && Date.now() < deadline) {
      position = await this.readNext(node, position, head.number);
    }
    return { head, scanned: position };
  }

  /** Reads and stores the next range after `position`. @returns the new position. */
  private async readNext(node: ChainNode, position: BlockRef, head: number): Promise<BlockRef> {
    const from = position.number + 1;
    const nearFrom = head - this.spec.recentBlocks;
    const near = from > nearFrom;
    const to = near ? Math.min(head, from + NEAR_RANGE - 1) : Math.min(nearFrom, from + this.farRange - 1);
    let range: Awaited<ReturnType<ChainNode["readRange"]>>;
    try {
      range = await this.readAdapting(node, from, to, near);
    } catch (error) {
      if (error instanceof RangeRefused) return position;
      throw error;
    }
    const [first] = range.headers;
    const last = range.headers.at(-1);
    if (!first || !last) throw new NodeError("no headers");
    if (first.parentHash !== position.hash) return rollBack(this.network, node, position);
    const found = await node.verify(range.logs.filter((entry) => this.watched.has(entry.to)));
    const moved = await this.store(position, range.headers, last, found, head);
    if (!moved) throw new NodeBehind("another scanner moved the cursor");
    return last;
  }

  private async readAdapting(node: ChainNode, from: number, to: number, near: boolean) {
    const size = to - from + 1;
    try {
      const range = await node.readRange(from, to, this.watched.filter(), near);
      if (!near && size >= this.farRange) this.farRange = Math.min(LARGEST_FAR_RANGE, this.farRange * 2);
      return range;
    } catch (error) {
      if (!(error instanceof RangeRefused)) throw error;
      // Providers word and number their limits differently, so the limit is found by halving and grows back.
      if (size === 1) throw new NodeError(`refused a range of one block: ${error.message}`);
      const half = Math.floor(size / 2);
      if (near) return await node.readRange(from, from + half - 1, this.watched.filter(), near);
      this.farRange = half;
      log.info({ network: this.network, node: node.name, blocks: half, reason: error.message }, "smaller ranges");
      throw error;
    }
  }

  /**
   * Stores a range: transfers, recent hashes and the cursor in one transaction. `transfers_identity` keeps a transfer from
   * being stored twice; the cursor is compared before it is set.
   */
  private async store(
    from: BlockRef,
    headers: BlockHeader[],
    last: BlockHeader,
    found: VerifiedTransfer[],
    head: number,
  ): Promise<boolean> {
    const rows = this.toRows(found);
    const stored = await db().transaction(async (tx) => {
      if (!(await lockCursorAt(tx, this.network, from))) return null;
      const fresh = await storeTransfers(tx, rows);
      await storeBlocks(tx, this.network, headers, Math.min(head, last.number) - this.spec.recentBlocks);
      await moveCursor(tx, this.network, last);
      return fresh;
    });
    if (stored) log.info({ network: this.network, block: last.number, transfers: stored }, "transfers stored");
    return stored !== null;
  }

  /**
   * Reads blocks `from`…`to` again and stores the transfers that are missing. Only blocks that were scanned before: the cursor
   * stays where it is.
   */
  async rescan(
    from: number,
    to: number,
  ): Promise<{ network: Network; from: number; to: number; found: number; added: number }> {
    const cursor = await findCursor(db(), this.network, "live");
    const last = Math.min(to, cursor?.scannedNumber ?? -1);
    await this.watched.refresh();
    let found = 0;
    let added = 0;
    for (let start = from; start <= last; ) {
      const end = Math.min(last, start + this.farRange - 1);
      try {
        const verified = await nodesOf(this.network).run(async (node) => {
          const { logs } = await this.readAdapting(node, start, end, false);
          return node.verify(logs.filter((entry) => this.watched.has(entry.to)));
        });
        found += verified.length;
        added += await storeTransfers(db(), this.toRows(verified));
        start = end + 1;
      } catch (error) {
        if (!(error instanceof RangeRefused)) throw error;
      }
    }
    return { network: this.network, from, to: last, found, added };
  }

  private toRows(found: VerifiedTransfer[]): NewTransfer[] {
    return found.map((transfer) => ({
      network: this.network,
      mode: "live",
      txHash: transfer.txHash,
      ordinal: transfer.ordinal,
      blockNumber: transfer.blockNumber,
      blockHash: transfer.blockHash,
      blockTime: transfer.blockTime,
      logIndex: transfer.logIndex,
      fromAddress: formatAddress(this.network, transfer.from),
      toAddressKey: transfer.to,
      value: transfer.value,
      units: baseToUnits(transfer.value, this.spec.decimals),
    }));
  }

  /**
   * Where to start on a network that was never read: at START_BLOCK if set, else at the head, or further back where an
   * invoice is already waiting (its node may have been away when it was made).
   */
  private async begin(node: ChainNode, head: BlockHeader): Promise<BlockRef> {
    const oldest = await oldestOpenInvoice(db(), this.network);
    const wanted =
      this.spec.startBlock ??
      (oldest === null ? head.number : await firstBlockSince(node, head, oldest.getTime() - CLOCK_SKEW_SECONDS * 1000));
    const number = Math.min(Math.max(wanted - 1, 0), head.number);
    const [start] = await node.readHeaders([number]);
    if (!start) throw new NodeBehind(`the node does not have block ${number}`);
    await db().transaction(async (tx) => {
      if (!(await lockCursorAt(tx, this.network, null))) throw new NodeBehind("another scanner has begun");
      await storeBlocks(tx, this.network, [start], 0);
      await moveCursor(tx, this.network, start);
    });
    log.info({ network: this.network, block: number }, "scanning begins");
    return start;
  }
}

function positionOf(cursor: Cursor): BlockRef | null {
  if (cursor.scannedNumber === null || cursor.scannedHash === null || cursor.scannedTime === null) return null;
  return { number: cursor.scannedNumber, hash: cursor.scannedHash, time: cursor.scannedTime };
}

/** The lowest block not older than `timeMs`, by halving: block times never fall. */
async function firstBlockSince(node: ChainNode, head: BlockHeader, timeMs: number): Promise<number> {
  let low = 0;
  let high = head.number;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [header] = await node.readHeaders([middle]);
    if (!header) throw new NodeBehind(`the node does not have block ${middle}`);
    if (header.time.getTime() < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
