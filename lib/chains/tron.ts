import { providers } from "tronweb";
import { env } from "@/lib/env";
import { metrics } from "@/lib/metrics";
import { EvmNode, hasTransfer, TRANSFER_TOPIC } from "./evm";
import type { NetworkSpec } from "./networks";
import { NodeError, refusal } from "./rpc";
import type { AuditedTransfer, ChainNode, StoredTransfer, Verdict } from "./types";

/**
 * Reads Tron through a full node or TronGrid: blocks and logs over its JSON-RPC, as on any EVM chain; finality, and the last
 * word on a transfer, from `/walletsolidity`. That one trails the JSON-RPC's `finalized` by a block or two, so nothing is
 * asked of it at a height that another endpoint named.
 */

const TIMEOUT_MS = 15_000;
/** A minute of blocks: what lies this deep below the solid head is known to every backend behind the URL. */
const SURELY_KNOWN = 20;

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export class TronNode extends EvmNode implements ChainNode {
  private readonly http: InstanceType<typeof providers.HttpProvider>;

  constructor(spec: NetworkSpec, url: string) {
    const base = url.replace(/\/+$/, "");
    const key = env().trongridApiKey;
    const headers: Record<string, string> = key ? { "TRON-PRO-API-KEY": key } : {};
    super(spec, `${base}/jsonrpc`, headers);
    this.http = new providers.HttpProvider(base, TIMEOUT_MS, "", "", headers);
  }

  /** The solid height: produced by 19 of 27 distinct super representatives. */
  override async readFinalized(): Promise<number> {
    await this.check();
    return readSolidBlock(await this.ask("walletsolidity/getnowblock", {}));
  }

  override async recheck(transfers: StoredTransfer[]): Promise<Map<string, Verdict>> {
    await this.check();
    const infos = await Promise.all(
      transfers.map((transfer) => this.ask("walletsolidity/gettransactioninfobyid", { value: bare(transfer.txHash) })),
    );
    const token = this.token.slice(2);
    const verdicts = new Map(transfers.map((transfer, i) => [transfer.id, judgeInfo(transfer, infos[i], token)]));
    if (![...verdicts.values()].includes("unknown")) return verdicts;
    const solid = readSolidBlock(await this.ask("walletsolidity/getnowblock", {}));
    for (const { id, blockNumber } of transfers) {
      if (verdicts.get(id) === "unknown" && solid >= blockNumber + SURELY_KNOWN) verdicts.set(id, "contradicts");
    }
    return verdicts;
  }

  /** Logs over JSON-RPC rest on an index that can have holes: this reads solid blocks transaction by transaction. */
  async audit(numbers: number[]): Promise<AuditedTransfer[]> {
    const solid = await this.readFinalized();
    const answers = await Promise.all(
      numbers
        .filter((num) => num <= solid)
        .map((num) => this.ask("walletsolidity/gettransactioninfobyblocknum", { num })),
    );
    return answers.flatMap((infos) => {
      if (!Array.isArray(infos)) throw new NodeError("unreadable transaction infos");
      return infos.flatMap((info) => transfersIn(info, this.token.slice(2)));
    });
  }

  private async ask(path: string, body: Json): Promise<unknown> {
    metrics().rpcCalls.inc({ network: this.spec.network, node: this.name, method: path });
    try {
      return readAnswer(await this.http.request(path, body, "post"), path);
    } catch (error) {
      throw error instanceof NodeError ? error : describe(error, path);
    }
  }
}

/** The node's own errors come with HTTP 200. */
function readAnswer(answer: unknown, path: string): unknown {
  if (isObject(answer) && typeof answer.Error === "string") {
    throw new NodeError(`${path}: ${answer.Error.slice(0, 200)}`);
  }
  return answer;
}

const bare = (hash: string) => hash.replace(/^0x/, "");

/** The height of a `getnowblock` answer; the block's id must begin with it. */
export function readSolidBlock(value: unknown): number {
  const header = isObject(value) && isObject(value.block_header) ? value.block_header.raw_data : null;
  const number = isObject(header) ? header.number : null;
  const id = isObject(value) ? value.blockID : null;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || typeof id !== "string") {
    throw new NodeError("unreadable solid block");
  }
  if (Number.parseInt(id.slice(0, 16), 16) !== number) throw new NodeError("a block's id does not fit its height");
  return number;
}

/**
 * Success is `receipt.result` SUCCESS and no `result` at the top, which only failures have. The token's `transfer` returns
 * false on success, so `contractResult` says nothing.
 */
function succeeded(info: Json): boolean {
  return info.result === undefined && isObject(info.receipt) && info.receipt.result === "SUCCESS";
}

/** `{}` is what the node answers for a transaction that it does not have, or that is not solid yet. */
export function judgeInfo(transfer: StoredTransfer, info: unknown, token: string): Verdict {
  if (!isObject(info)) throw new NodeError("unreadable transaction info");
  if (info.id === undefined) return "unknown";
  const sameBlock = info.blockNumber === transfer.blockNumber && info.id === bare(transfer.txHash);
  return sameBlock && succeeded(info) && hasTransfer(transfer, tokenLogs(info, token)) ? "agrees" : "contradicts";
}

/** The token's logs of a transaction, in their order; null for one that is no Transfer. */
function tokenLogs(info: Json, token: string): ({ to: string; value: bigint } | null)[] {
  const logs = Array.isArray(info.log) ? info.log.filter(isObject) : [];
  return logs
    .filter((entry) => String(entry.address).toLowerCase() === token)
    .map((entry) => {
      const topics = Array.isArray(entry.topics) ? entry.topics.map((topic) => String(topic).toLowerCase()) : [];
      const data = String(entry.data ?? "");
      if (topics.length !== 3 || topics[0] !== TRANSFER_TOPIC.slice(2) || !/^[0-9a-f]{64}$/i.test(data)) return null;
      return { to: `0x${topics[2]?.slice(-40)}`, value: BigInt(`0x${data}`) };
    });
}

export function transfersIn(info: unknown, token: string): AuditedTransfer[] {
  if (!isObject(info) || typeof info.id !== "string") throw new NodeError("unreadable transaction info");
  if (!succeeded(info)) return [];
  const txHash = info.id;
  return tokenLogs(info, token)
    .filter((entry) => entry !== null)
    .filter(({ value }) => value > 0n)
    .map((entry) => ({ txHash, ...entry }));
}

function describe(error: unknown, path: string): NodeError {
  const response = isObject(error) && isObject(error.response) ? error.response : null;
  const status = response?.status;
  if (status === 429 || status === 403) {
    const headers = isObject(response?.headers) ? response.headers : {};
    return refusal(status, headers["retry-after"]);
  }
  const detail = status ? `HTTP ${status}` : error instanceof Error ? error.message : String(error);
  return new NodeError(`${path}: ${detail}`);
}
