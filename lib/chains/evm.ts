import { publicUrl } from "@/lib/log";
import { contractKey } from "./address";
import type { NetworkSpec } from "./networks";
import { NodeBehind, NodeError, type RpcClient, rpcClient } from "./rpc";
import type { BlockHeader, ChainNode, StoredTransfer, TransferLog, Verdict, VerifiedTransfer } from "./types";

/** keccak256("Transfer(address,address,uint256)"): the first topic of an ERC-20 transfer. */
export const TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

const HASH = /^0x[0-9a-f]{64}$/;
const QUANTITY = /^0x[0-9a-f]{1,64}$/;

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
  if (hash(receipt.blockHash, "receipt's block hash") !== log.blockHash) {
    throw new NodeError(`the receipt of ${log.txHash} is of another block than its log`);
  }
  const logs = Array.isArray(receipt.logs) ? receipt.logs.filter(isObject) : [];
  const ofToken = logs.filter((entry) => String(entry.address).toLowerCase() === token);
  const ordinal = ofToken.findIndex((entry) => number(entry.logIndex, "log index") === log.logIndex);
  if (receipt.status !== "0x1") return { ordinal: Math.max(0, ordinal), succeeded: false };
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
    const [head, logs] = await Promise.all([this.readTagged("latest"), this.readLogs(from, "latest", recipients)]);
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

  async readHeaders(numbers: number[]): Promise<(BlockHeader | null)[]> {
    const answers = await Promise.all(
      numbers.map((n) => this.rpc.call("eth_getBlockByNumber", [toQuantity(n), false])),
    );
    return answers.map((answer, i) => {
      const header = readHeader(answer);
      if (header && header.number !== numbers[i]) {
        throw new NodeError(`asked for block ${numbers[i]}, got ${header.number}`);
      }
      return header;
    });
  }

  private async readLogs(from: number, to: number | "latest", recipients: string[] | null): Promise<TransferLog[]> {
    // An empty list of topics would mean "any".
    if (recipients?.length === 0) return [];
    const topics = recipients ? [TRANSFER_TOPIC, null, recipients.map(toTopic)] : [TRANSFER_TOPIC];
    const toBlock = to === "latest" ? to : toQuantity(to);
    const answer = await this.rpc.call("eth_getLogs", [
      { address: this.token, fromBlock: toQuantity(from), toBlock, topics },
    ]);
    if (!Array.isArray(answer)) throw new NodeError("unreadable logs");
    return answer.map((entry) => readTransferLog(entry, this.token)).filter((entry) => entry !== null);
  }

  async readRange(from: number, to: number, recipients: string[] | null, everyHeader: boolean) {
    await this.check();
    const numbers = everyHeader ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [...new Set([from, to])];
    const [headers, logs] = await Promise.all([this.readHeaders(numbers), this.readLogs(from, to, recipients)]);
    const known = headers.filter((header) => header !== null);
    // A node that lacks the last block answers the logs' call with an empty list, not with an error.
    if (known.length !== numbers.length) throw new NodeBehind(`the node does not have block ${to}`);
    if (logs.some((entry) => entry.blockNumber < from || entry.blockNumber > to)) {
      throw new NodeError("a log is outside the range asked for");
    }
    return { headers: known, logs };
  }

  async verify(logs: TransferLog[]): Promise<VerifiedTransfer[]> {
    if (logs.length === 0) return [];
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
    const receipts = await Promise.all(
      transfers.map((transfer) => this.rpc.call("eth_getTransactionReceipt", [transfer.txHash])),
    );
    return new Map(transfers.map((transfer, i) => [transfer.id, judge(transfer, receipts[i])]));
  }
}

function judge(transfer: StoredTransfer, receipt: unknown): Verdict {
  if (receipt === null) return "unknown";
  if (!isObject(receipt)) throw new NodeError("unreadable receipt");
  const sameBlock = String(receipt.blockHash).toLowerCase() === transfer.blockHash;
  return sameBlock && receipt.status === "0x1" ? "agrees" : "contradicts";
}
