import { publicUrl } from "@/lib/log";
import { contractKey } from "./address";
import { bloomOf } from "./bloom";
import type { NetworkSpec } from "./networks";
import { NodeBehind, NodeError, RangeRefused, type RpcClient, rpcClient } from "./rpc";
import type { BlockHeader, ChainNode, StoredTransfer, TransferLog, Verdict, VerifiedTransfer } from "./types";

/** keccak256("Transfer(address,address,uint256)"): the first topic of an ERC-20 transfer. */
export const TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

const HASH = /^0x[0-9a-f]{64}$/;
const QUANTITY = /^0x[0-9a-f]{1,64}$/;

/** Where providers cut an answer off, and not all of them say so. */
export const MOST_LOGS = 10_000;

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function hash(value: unknown, what: string): string {
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (!HASH.test(text)) throw new NodeError(`unreadable ${what}`);
  return text;
}

function number(value: unknown, what: string): number {
  const text = typeof value === "string" ? value.toLowerCase() : "";
  const result = QUANTITY.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(result)) throw new NodeError(`unreadable ${what}`);
  return result;
}

export const toQuantity = (n: number): string => `0x${n.toString(16)}`;
const toTopic = (key: string): string => `0x${key.slice(2).padStart(64, "0")}`;
const fromTopic = (topic: string): string => `0x${topic.slice(-40)}`;

/** Reads an `eth_getBlockBy…` answer; null where the node has no such block. */
export function readHeader(value: unknown): BlockHeader | null {
  if (value === null) return null;
  if (!isObject(value)) throw new NodeError("unreadable block");
  return {
    number: number(value.number, "block number"),
    hash: hash(value.hash, "block hash"),
    parentHash: hash(value.parentHash, "parent hash"),
    time: new Date(number(value.timestamp, "block time") * 1000),
    bloom: typeof value.logsBloom === "string" && /[1-9a-f]/.test(value.logsBloom.slice(2)) ? value.logsBloom : null,
  };
}

/**
 * Reads one log. Null for what is no ERC-20 Transfer of `token`: another contract's (compared by bytes, never by name),
 * indexed otherwise, or of nothing.
 */
export function readTransferLog(value: unknown, token: string): TransferLog | null {
  if (!isObject(value)) throw new NodeError("unreadable log");
  if (String(value.address).toLowerCase() !== token || value.removed === true) return null;
  const topics = value.topics;
  if (!Array.isArray(topics) || topics.length !== 3 || String(topics[0]).toLowerCase() !== TRANSFER_TOPIC) return null;
  if (typeof value.data !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(value.data)) return null;
  const amount = BigInt(value.data);
  if (amount === 0n) return null;
  return {
    txHash: hash(value.transactionHash, "transaction hash"),
    blockNumber: number(value.blockNumber, "log's block number"),
    blockHash: hash(value.blockHash, "log's block hash"),
    logIndex: number(value.logIndex, "log index"),
    from: fromTopic(hash(topics[1], "topic")),
    to: fromTopic(hash(topics[2], "topic")),
    value: amount,
  };
}

const tokenLogs = (receipt: Json, token: string): Json[] =>
  (Array.isArray(receipt.logs) ? receipt.logs.filter(isObject) : []).filter(
    (entry) => String(entry.address).toLowerCase() === token,
  );

/**
 * Reads from a receipt whether a log's transaction succeeded in the block the log claims, and where the log stands among the
 * token's logs of that transaction.
 * @throws {NodeError} when the receipt contradicts the log.
 */
export function readReceipt(
  log: TransferLog,
  receipt: unknown,
  token: string,
): { ordinal: number; succeeded: boolean } {
  if (!isObject(receipt)) throw new NodeError(`no receipt for ${log.txHash}`);
  // Some servers leave the id out of an answer that is an error, and with it the answers of a batch can change places.
  if (hash(receipt.transactionHash, "receipt's transaction hash") !== log.txHash) {
    throw new NodeError(`asked for the receipt of ${log.txHash}, got another`);
  }
  if (hash(receipt.blockHash, "receipt's block hash") !== log.blockHash) {
    throw new NodeError(`the receipt of ${log.txHash} is of another block than its log`);
  }
  const ordinal = tokenLogs(receipt, token).findIndex((entry) => number(entry.logIndex, "log index") === log.logIndex);
  // Another backend's receipt may call the transaction failed and have no logs: one of its own for each log, and no position.
  if (receipt.status !== "0x1") return { ordinal: ordinal < 0 ? -1 - log.logIndex : ordinal, succeeded: false };
  if (ordinal < 0) throw new NodeError(`the receipt of ${log.txHash} does not have its log ${log.logIndex}`);
  return { ordinal, succeeded: true };
}

/** Reads a chain through one node's JSON-RPC: ethereum and bsc, and with a few differences tron (lib/chains/tron.ts). */
export class EvmNode implements ChainNode {
  readonly name: string;
  protected readonly rpc: RpcClient;
  protected readonly token: string;
  private checked: Promise<void> | null = null;

  constructor(
    protected readonly spec: NetworkSpec,
    url: string,
    headers: Record<string, string> = {},
  ) {
    this.name = publicUrl(url);
    this.rpc = rpcClient(url, spec.network, headers);
    this.token = contractKey(spec.network);
  }

  /** Whether this is a node of the right chain, with the token on it; asked once, and again after a failure. */
  protected check(): Promise<void> {
    this.checked ??= (async () => {
      const [chainId, code] = await Promise.all([
        this.rpc.call("eth_chainId", []),
        this.rpc.call("eth_getCode", [this.token, "latest"]),
      ]);
      if (number(chainId, "chain id") !== this.spec.chainId) {
        throw new NodeError(`wrong chain: it has id ${Number(chainId)}, ${this.spec.network} has ${this.spec.chainId}`);
      }
      if (typeof code !== "string" || code === "0x") {
        throw new NodeError(`there is no token contract at ${this.spec.contract} on this chain`);
      }
    })().catch((error) => {
      this.checked = null;
      throw error;
    });
    return this.checked;
  }

  async readHead(): Promise<BlockHeader> {
    await this.check();
    return this.readTagged("latest");
  }

  async readNew(from: number, recipients: string[] | null) {
    await this.check();
    const [latest, answer] = await Promise.allSettled([
      this.readTagged("latest"),
      this.readLogs(from, "latest", recipients),
    ]);
    // Nothing new: what a node says to a range that begins above its head (`[]`, or an error in its own words) means nothing.
    if (latest.status === "fulfilled" && latest.value.number < from) return { head: latest.value, logs: [] };
    if (answer.status === "rejected") throw answer.reason;
    if (latest.status === "rejected") throw latest.reason;
    const [head, logs] = [latest.value, answer.value];
    // A block can arrive between the two answers: it is read in the next turn, with its header.
    const known = logs.filter((entry) => entry.blockNumber <= head.number);
    if (known.some((entry) => entry.blockNumber < from)) throw new NodeError("a log is outside the range asked for");
    return { head, logs: known };
  }

  async readFinalized(): Promise<number> {
    await this.check();
    return (await this.readTagged("finalized")).number;
  }

  private async readTagged(tag: "latest" | "finalized"): Promise<BlockHeader> {
    const header = readHeader(await this.rpc.call("eth_getBlockByNumber", [tag, false]));
    if (!header) throw new NodeError(`the node has no ${tag} block`);
    return header;
  }

  async readHeaders(numbers: number[], rpc = this.rpc): Promise<(BlockHeader | null)[]> {
    const answers = await Promise.all(numbers.map((n) => rpc.call("eth_getBlockByNumber", [toQuantity(n), false])));
    return answers.map((answer, i) => {
      const header = readHeader(answer);
      if (header && header.number !== numbers[i]) {
        throw new NodeError(`asked for block ${numbers[i]}, got ${header.number}`);
      }
      return header;
    });
  }

  private async readLogs(
    from: number,
    to: number | "latest",
    recipients: string[] | null,
    rpc = this.rpc,
  ): Promise<TransferLog[]> {
    // An empty list of topics would mean "any".
    if (recipients?.length === 0) return [];
    const topics = recipients ? [TRANSFER_TOPIC, null, recipients.map(toTopic)] : [TRANSFER_TOPIC];
    const toBlock = to === "latest" ? to : toQuantity(to);
    const answer = await rpc.call("eth_getLogs", [
      { address: this.token, fromBlock: toQuantity(from), toBlock, topics },
    ]);
    if (!Array.isArray(answer)) throw new NodeError("unreadable logs");
    if (answer.length >= MOST_LOGS && from !== to) throw new RangeRefused(`${answer.length} logs: there may be more`);
    return answer.map((entry) => readTransferLog(entry, this.token)).filter((entry) => entry !== null);
  }

  async readRange(from: number, to: number, recipients: string[] | null, everyHeader: boolean) {
    await this.check();
    const numbers = everyHeader ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [...new Set([from, to])];
    // One batch. If it fails as a whole, the reason is sought where a smaller range would help: in the logs.
    const batch = this.rpc.apart();
    const [reading, answer] = await Promise.allSettled([
      this.readHeaders(numbers, batch),
      this.readLogs(from, to, recipients, batch),
    ]);
    if (answer.status === "rejected") throw answer.reason;
    if (reading.status === "rejected") throw reading.reason;
    const [headers, logs] = [reading.value, answer.value];
    const known = headers.filter((header) => header !== null);
    // A node that lacks the last block answers the logs' call with an empty list, not with an error.
    if (known.length !== numbers.length) throw new NodeBehind(`the node does not have block ${to}`);
    if (logs.some((entry) => entry.blockNumber < from || entry.blockNumber > to)) {
      throw new NodeError("a log is outside the range asked for");
    }
    return { headers: known, logs };
  }

  async verify(reported: TransferLog[]): Promise<VerifiedTransfer[]> {
    if (reported.length === 0) return [];
    // A log that is reported twice is one.
    const logs = [...new Map(reported.map((entry) => [`${entry.blockHash} ${entry.logIndex}`, entry])).values()];
    const hashes = [...new Set(logs.map((entry) => entry.txHash))];
    const numbers = [...new Set(logs.map((entry) => entry.blockNumber))];
    const [receipts, headers] = await Promise.all([
      Promise.all(hashes.map((txHash) => this.rpc.call("eth_getTransactionReceipt", [txHash]))),
      this.readHeaders(numbers),
    ]);
    const receiptOf = new Map(hashes.map((txHash, i) => [txHash, receipts[i]]));
    const headerOf = new Map(numbers.map((n, i) => [n, headers[i]]));
    return logs.map((entry) => {
      const header = headerOf.get(entry.blockNumber);
      if (header?.hash !== entry.blockHash) throw new NodeError("a log is of another block than the header");
      return { ...entry, ...readReceipt(entry, receiptOf.get(entry.txHash), this.token), blockTime: header.time };
    });
  }

  async recheck(transfers: StoredTransfer[]): Promise<Map<string, Verdict>> {
    await this.check();
    const numbers = [...new Set(transfers.map((transfer) => transfer.blockNumber))];
    const [receipts, headers] = await Promise.all([
      Promise.all(transfers.map((transfer) => this.rpc.call("eth_getTransactionReceipt", [transfer.txHash]))),
      this.readHeaders(numbers),
    ]);
    const hashes = new Set(headers.map((header) => header?.hash));
    return new Map(
      transfers.map((transfer, i) => {
        // No receipt, but the very block: it knows that the transaction is not in there.
        if (receipts[i] === null) return [transfer.id, hashes.has(transfer.blockHash) ? "contradicts" : "unknown"];
        return [transfer.id, judge(transfer, receipts[i], this.token)];
      }),
    );
  }

  async hasLogsOf(blocks: BlockHeader[], isOurs: (recipient: string) => boolean): Promise<boolean> {
    const [first, last] = [blocks.at(0), blocks.at(-1)];
    if (!first || !last) return true;
    const hashes = new Set(blocks.map((block) => block.hash));
    const logs = (await this.readLogs(first.number, last.number, null)).filter((entry) => hashes.has(entry.blockHash));
    if (logs.some((entry) => isOurs(entry.to))) return false;
    // Logs of a block come all or none: where there are some, ours would be among them.
    const silent = blocks.filter((block) => !logs.some((entry) => entry.blockHash === block.hash));
    const all = await Promise.all(
      silent.map((block) => this.rpc.call("eth_getLogs", [{ blockHash: block.hash }]).catch(orNothing)),
    );
    return silent.every((block, i) => {
      const answer = all[i];
      return answer === null || block.bloom === null || bloomOf(readEmitters(answer)) === block.bloom.toLowerCase();
    });
  }

  async readTransactions(txHashes: string[]): Promise<TransferLog[]> {
    await this.check();
    const receipts = await Promise.all(
      txHashes.map((txHash) => this.rpc.call("eth_getTransactionReceipt", [withPrefix(txHash)])),
    );
    return receipts
      .filter(isObject)
      .filter((receipt) => receipt.status === "0x1")
      .flatMap((receipt) => tokenLogs(receipt, this.token))
      .map((entry) => readTransferLog(entry, this.token))
      .filter((entry) => entry !== null);
  }
}

/** Some hosts give no logs without an address. Then there is no certainty, and the second look has to do. */
function orNothing(error: unknown): null {
  const wantsLess = error instanceof RangeRefused || (error instanceof NodeError && /address/i.test(error.message));
  if (!wantsLess) throw error;
  return null;
}

const withPrefix = (txHash: string): string => (txHash.startsWith("0x") ? txHash : `0x${txHash}`);

function judge(transfer: StoredTransfer, receipt: unknown, token: string): Verdict {
  if (!isObject(receipt)) throw new NodeError("unreadable receipt");
  if (hash(receipt.transactionHash, "receipt's transaction hash") !== withPrefix(transfer.txHash)) {
    throw new NodeError(`asked for the receipt of ${transfer.txHash}, got another`);
  }
  const sameBlock = String(receipt.blockHash).toLowerCase() === transfer.blockHash;
  if (!sameBlock || receipt.status !== "0x1") return "contradicts";
  const logs = tokenLogs(receipt, token).map((entry) => readTransferLog(entry, token));
  return hasTransfer(transfer, logs) ? "agrees" : "contradicts";
}

/** Whether the token's logs of a transaction (null: no Transfer) have the one that was stored, at its place. */
export function hasTransfer(
  { ordinal, toAddressKey, value }: StoredTransfer,
  logs: readonly ({ to: string; value: bigint } | null)[],
): boolean {
  const candidates = ordinal < 0 ? logs : [logs[ordinal]];
  return candidates.some((entry) => entry?.to === toAddressKey && entry.value === value);
}

function readEmitters(answer: unknown): { address: string; topics: string[] }[] {
  if (!Array.isArray(answer)) throw new NodeError("unreadable logs");
  return answer.filter(isObject).map(({ address, topics }) => ({
    address: String(address).toLowerCase(),
    topics: Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : [],
  }));
}
