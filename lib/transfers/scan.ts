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
import { listFailedTransfers, storeTransfers } from "@/db/queries/transfers";
import { contractKey } from "@/lib/chains/address";
import { suspiciousBlocks } from "@/lib/chains/bloom";
import { checkChain } from "@/lib/chains/chain";
import { MOST_LOGS, TRANSFER_TOPIC } from "@/lib/chains/evm";
import { type Network, type NetworkSpec, networkSpec } from "@/lib/chains/networks";
import { nodesOf } from "@/lib/chains/nodes";
import { NodeBehind, NodeError, RangeRefused } from "@/lib/chains/rpc";
import type { BlockHeader, ChainNode, TransferLog, VerifiedTransfer } from "@/lib/chains/types";
import { settleInvoices } from "@/lib/invoices/settlement";
import { log } from "@/lib/log";
import { FinalCheck } from "./finality";
import { CLOCK_SKEW_SECONDS, matchTransfers } from "./match";
import { isReorg, rollBack } from "./reconcile";
import { toRows } from "./rows";
import { SecondLook } from "./second-look";
import { storeAgain } from "./store";
import { WatchList } from "./watch-list";

/** How long a scanner owns a network without a sign of life. A tick renews it. */
const LEASE_SECONDS = 10;
/** Near the head every header is read, so a batch is kept small. */
const NEAR_RANGE = 50;
const FIRST_FAR_RANGE = 100;
const LARGEST_FAR_RANGE = 2000;
const GROWTH = 4;
/** So many stretches are asked for at a time: the node reads one while another is taken. */
const STRETCHES_AHEAD = 2;
/** A tick that catches up comes up for air this often: to renew its lease and let expiries and confirmations happen. */
const TICK_BUDGET_MS = 3_000;
/** After a refusal this many ranges are read before a larger one is tried: half of all calls refused would be a waste. */
const PATIENCE = 16;
/** A node without a new block for this long may have stopped: the others are asked whether the chain has. */
const STOPPED_MS = 30_000;

/** What is read of a stretch of blocks before any of it is believed. */
type Stretch = { headers: BlockHeader[]; logs: TransferLog[] };
/** A stretch that was asked for, with the first `known` addresses of the watch list. */
type Reading = { from: number; to: number; near: boolean; known: number; stretch: Promise<Stretch> };

/** The scanner of one network. It holds nothing that a restart would miss: the cursor is in the database. */
export class Scanner {
  private readonly spec: NetworkSpec;
  private readonly watched: WatchList;
  private readonly finalCheck: FinalCheck;
  private readonly secondLook: SecondLook;
  private farRange = FIRST_FAR_RANGE;
  private nearRange = NEAR_RANGE;
  /** Ranges still to be read before a larger one is tried. */
  private patience = 0;
  /** When the head last rose. */
  private risenAt = Date.now();
  /** Whether the last tick reached the head: then the next one asks for the head and its logs at once. */
  private following = false;

  constructor(
    readonly network: Network,
    /** Identifies this process in leases: a UUID. */
    private readonly owner: string,
  ) {
    this.spec = networkSpec(network);
    this.watched = new WatchList(network);
    this.finalCheck = new FinalCheck(this.spec, this.watched);
    this.secondLook = new SecondLook(this.spec, this.watched);
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
      if (scanned.number < head.number) return true;
      await this.secondLook.look(
        Math.min(cursor.lookedNumber ?? scanned.number, scanned.number),
        this.deepest(scanned),
      );
      return false;
    } catch (error) {
      this.following = false;
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
    const finalizedNumber = await this.finalized(scanned, cursor);
    const view = {
      scannedNumber: scanned.number,
      scannedTime: scanned.time,
      finalizedNumber,
      requiredConfirmations: this.spec.confirmations,
      finality: this.spec.finality,
    };
    await settleInvoices(this.network, "live", view, (payments) => this.finalCheck.approve(payments));
    await this.finalCheck.resolveFailed(Math.min(this.deepest(scanned), finalizedNumber ?? Number.MAX_SAFE_INTEGER));
  }

  private deepest(scanned: BlockRef): number {
    return scanned.number - this.spec.confirmations + 1;
  }

  /** The finalized height, asked for only when something is deep enough to be waiting for nothing else. */
  private async finalized(scanned: BlockRef, cursor: Cursor): Promise<number | null> {
    if (this.spec.finality !== "finalized") return null;
    const [deep, failed] = await Promise.all([
      listDeepPayments(db(), this.network, "live", this.deepest(scanned), 1),
      listFailedTransfers(db(), this.network, this.deepest(scanned)),
    ]);
    if (deep.length === 0 && failed.length === 0) return cursor.finalizedNumber;
    try {
      // Never above what was read: it is kept for good, and one wrong answer must not make final what is still to come.
      const said = await nodesOf(this.network).run((node) => node.readFinalized());
      const number = Math.min(said, scanned.number);
      await recordFinalized(db(), this.network, number);
      return Math.max(number, cursor.finalizedNumber ?? 0);
    } catch (error) {
      // Confirmations wait for it; expiries need not.
      if (!(error instanceof NodeError || error instanceof NodeBehind)) throw error;
      await recordScanError(db(), this.network, error.message);
      return cursor.finalizedNumber;
    }
  }

  /** Everything that is asked of one node in a tick: the head, and the blocks up to it, each stretch stored as it comes. */
  private async read(node: ChainNode, cursor: Cursor): Promise<{ head: BlockHeader; scanned: BlockRef }> {
    let position = positionOf(cursor);
    await this.watched.refresh();
    const known = this.watched.size;
    const { head, logs } = await this.readHead(node, position);
    if (!position) position = await this.begin(node, head);
    await this.checkAlive(position, head);
    if (await isReorg(this.network, position, head)) {
      position = await rollBack(this.network, node, position);
    } else if (logs && head.number > position.number && head.number - position.number <= NEAR_RANGE) {
      position = await this.follow(node, position, head, logs, known);
    }
    const deadline = Date.now() + TICK_BUDGET_MS;
    const ahead: Reading[] = [];
    while (true) {
      while (ahead.length < STRETCHES_AHEAD && Date.now() < deadline) {
        const from = (ahead.at(-1)?.to ?? position.number) + 1;
        if (from > head.number) break;
        ahead.push(this.ask(node, from, head.number));
      }
      const reading = ahead.shift();
      if (!reading) break;
      position = await this.takeRead(node, position, reading, head.number);
      // Refused, or rolled back: what was asked for after it does not follow.
      if (position.number !== reading.to) ahead.length = 0;
    }
    this.following = position.number === head.number;
    return { head, scanned: position };
  }

  private async readHead(
    node: ChainNode,
    position: BlockRef | null,
  ): Promise<{ head: BlockHeader; logs: TransferLog[] | null }> {
    if (position && this.following) {
      try {
        return await node.readNew(position.number + 1, this.watched.filter());
      } catch (error) {
        // The chain has run ahead further than the node reads at once.
        if (!(error instanceof RangeRefused)) throw error;
        if (error.timedOut) throw new NodeError(error.message);
      }
    }
    return { head: await node.readHead(), logs: null };
  }

  /**
   * A node that has stopped answers as one does whose chain is quiet: with the block that was read last.
   * @throws {NodeBehind} when another URL's head is higher.
   */
  private async checkAlive(position: BlockRef, head: BlockHeader): Promise<void> {
    if (head.number > position.number) this.risenAt = Date.now();
    if (Date.now() - this.risenAt < STOPPED_MS || nodesOf(this.network).size === 1) return;
    const other = await nodesOf(this.network)
      .runElsewhere((node) => node.readHead())
      .catch(() => head);
    if (other.number > head.number) throw new NodeBehind(`the node stopped at block ${head.number}`);
  }

  /** Stores the few blocks from `position` to the head, whose logs came with it. */
  private async follow(
    node: ChainNode,
    position: BlockRef,
    head: BlockHeader,
    logs: TransferLog[],
    known: number,
  ): Promise<BlockRef> {
    const from = position.number + 1;
    const between = await node.readHeaders(Array.from({ length: head.number - from }, (_, i) => from + i));
    const headers = [...between.filter((header) => header !== null), head];
    if (headers.length !== head.number - position.number) throw new NodeBehind("the node lost blocks below its head");
    const stretch = Promise.resolve({ headers, logs });
    return await this.take(node, position, { from, to: head.number, near: true, known, stretch }, head.number);
  }

  /** Asks a node for the range that begins at `from`. */
  private ask(node: ChainNode, from: number, head: number): Reading {
    const nearFrom = head - this.spec.recentBlocks;
    const near = from > nearFrom;
    const to = near ? Math.min(head, from + this.nearRange - 1) : Math.min(nearFrom, from + this.farRange - 1);
    const stretch = node.readRange(from, to, this.watched.filter(), near);
    // Nobody may come to hear of its failure: then it is asked for again.
    stretch.catch(() => {});
    return { from, to, near, known: this.watched.size, stretch };
  }

  /** Stores what was asked for. @returns the new position; the old one where a smaller range may help. */
  private async takeRead(node: ChainNode, position: BlockRef, reading: Reading, head: number): Promise<BlockRef> {
    const size = reading.to - reading.from + 1;
    try {
      const { logs } = await reading.stretch;
      this.growRange(size, reading.near, logs.length);
      return await this.take(node, position, reading, head);
    } catch (error) {
      if (!(error instanceof RangeRefused)) throw error;
      this.shrinkRange(size, reading.near, node, error);
      // A smaller range may help, and so may another URL; every time-out costs the most that a call can cost.
      if (error.timedOut) throw new NodeError(error.message);
      return position;
    }
  }

  private growRange(size: number, near: boolean, logs: number): void {
    if (this.patience > 0) this.patience--;
    else if (near) this.nearRange = Math.min(NEAR_RANGE, Math.max(this.nearRange, size * 2));
    else if (size >= this.farRange && logs * GROWTH < MOST_LOGS) {
      this.farRange = Math.min(LARGEST_FAR_RANGE, this.farRange * GROWTH);
    }
  }

  /** Providers word and number their limits differently, so the limit is found by halving. */
  private shrinkRange(size: number, near: boolean, node: ChainNode, refusal: RangeRefused): void {
    this.patience = PATIENCE;
    if (size === 1) throw new NodeError(`refused a range of one block: ${refusal.message}`);
    const half = Math.floor(size / 2);
    if (near) this.nearRange = half;
    else this.farRange = half;
    log.info({ network: this.network, node: node.name, blocks: half, reason: refusal.message }, "smaller ranges");
  }

  /** Checks a stretch, holds its transfers against their receipts and stores it. @returns the new position. */
  private async take(
    node: ChainNode,
    position: BlockRef,
    { from, to, near, known, stretch }: Reading,
    head: number,
  ): Promise<BlockRef> {
    const { headers, logs } = await stretch;
    // A wallet that was there before a block was, is in the list after the block was read.
    await this.watched.refresh();
    const added = this.watched.filter(known);
    if (added?.length !== 0) logs.push(...(await node.readRange(from, to, added, false)).logs);
    checkChain(headers, logs);
    const [first] = headers;
    const last = headers.at(-1);
    if (!first || !last) throw new NodeError("no headers");
    if (first.parentHash !== position.hash) return rollBack(this.network, node, position);
    if (near) await this.askAgain(node, { headers, logs });
    const found = await node.verify(logs.filter((entry) => this.watched.has(entry.to)));
    if (!(await this.store(position, headers, last, found, head))) {
      throw new NodeBehind("another scanner moved the cursor");
    }
    return last;
  }

  /**
   * Where a block's bloom filter speaks of a transfer to us and the node gave none, it is asked in two other ways, whose
   * answers are certain: a backend can have a block and not yet its logs.
   * @throws {NodeError} when logs were left out: this node is not to be believed now.
   */
  private async askAgain(node: ChainNode, { headers, logs }: Stretch): Promise<void> {
    const values = { token: contractKey(this.network), topic: TRANSFER_TOPIC, recipients: this.watched.filter() };
    const blocks = suspiciousBlocks(headers, logs, values);
    if (blocks.length === 0 || (await node.hasLogsOf(blocks, (key) => this.watched.has(key)))) return;
    throw new NodeError("the node left out logs of a block it has");
  }

  /**
   * Stores a stretch: transfers, recent hashes and the cursor in one transaction. `transfers_identity` keeps a transfer from
   * being stored twice; the cursor is compared before it is set.
   * @returns false where the cursor had moved.
   */
  private async store(
    from: BlockRef,
    headers: BlockHeader[],
    last: BlockHeader,
    found: VerifiedTransfer[],
    head: number,
  ): Promise<boolean> {
    const rows = toRows(this.spec, found);
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
          const { headers, logs } = await node.readRange(start, end, this.watched.filter(), false);
          checkChain(headers, logs);
          return node.verify(logs.filter((entry) => this.watched.has(entry.to)));
        });
        found += verified.length;
        added += await storeAgain(this.network, toRows(this.spec, verified));
        start = end + 1;
      } catch (error) {
        if (!(error instanceof RangeRefused)) throw error;
        const half = Math.floor((end - start + 1) / 2);
        if (half === 0) throw new NodeError(`refused a range of one block: ${error.message}`);
        this.farRange = half;
      }
    }
    return { network: this.network, from, to: last, found, added };
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
