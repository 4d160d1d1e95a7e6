import { type Hex, keccak256, pad, toHex } from "viem";
import { lagRule } from "./fault-lag";
import type { ArmedFault, FaultOf, ForgedTransfer } from "./faults";
import { type RefusalWording, rangeRefusals } from "./provider-refusals";
import { type RpcAnswer, type RpcCall, toQuantity } from "./rpc";
import { transferTopic } from "./token";

/** The node behind the proxy, asked outside of all faults and counters. */
export interface NodeBehind {
  isTron: boolean;
  call<T>(method: string, params: readonly unknown[]): Promise<T>;
  /** POST to an HTTP path of a Tron node. */
  get(path: string, body: object): Promise<unknown>;
}

/** An answer the proxy gives, with the HTTP status it has outside a batch. */
export type Reply = RpcAnswer & { status?: number };

/** What a fault does to one JSON-RPC call or to one JSON answer of an HTTP path. */
export interface CallRule {
  /** Answers in the node's place, or changes what is asked. */
  before?(call: RpcCall): Promise<{ reply: Reply } | { call: RpcCall } | undefined>;
  /** Changes what the node answered. */
  after?(reply: Reply, call: RpcCall): Promise<Reply> | Reply;
}

interface LogFilter {
  address?: string | string[];
  topics?: (string | string[] | null)[];
  fromBlock?: string;
  toBlock?: string;
  blockHash?: string;
}

type Log = Record<string, unknown> & { blockNumber: Hex; blockHash: Hex; logIndex: Hex };
type Header = Record<string, unknown> & { number: Hex; hash: Hex; timestamp: Hex; transactions: unknown[] };

/** The rule of a fault for single calls; null for faults that strike the HTTP request as a whole. */
export function callRule(armed: ArmedFault, node: NodeBehind): CallRule | null {
  const { fault } = armed;
  switch (fault.kind) {
    case "lag":
      return lagRule(node, (head) => head - fault.blocks);
    case "stuck":
      return lagRule(node, (head) => Math.min(head, fault.at));
    case "emptyLogs":
      return onLogs(() => [], ["gettransactioninfobyblocknum"]);
    case "truncateLogs":
      return onLogs((logs) => logs.slice(0, fault.keep));
    case "dropLog":
      return onLogs((logs) => logs.filter((_, index) => index !== at(logs, fault.index)));
    case "wrongBlockHash":
      return onLogs((logs) =>
        logs.map((log, index) =>
          index === at(logs, fault.index) ? { ...log, blockHash: flipLast(String(log.blockHash)) } : log,
        ),
      );
    case "forgedLog":
      return forgery(armed, fault.transfer, node);
    case "rangeLimit":
      return rangeLimit(fault, node);
    case "resultLimit":
      return resultLimit(fault, node);
    case "rpcError": {
      const { code, message, data } = fault;
      return { before: async () => ({ reply: { error: { code, message, ...(data === undefined ? {} : { data }) } } }) };
    }
    case "chainId":
      return onResult({
        eth_chainId: () => toQuantity(fault.chainId),
        net_version: (real) => (String(real).startsWith("0x") ? toQuantity(fault.chainId) : String(fault.chainId)),
      });
    case "noCode":
      return onResult({ eth_getCode: () => "0x", eth_call: () => "0x" });
    case "wrongHeader": {
      const spoil = (header: unknown) => (header ? spoilt(header as Header, fault.field ?? "hash") : header);
      return onResult({ eth_getBlockByNumber: spoil, eth_getBlockByHash: spoil });
    }
    case "nullResult":
      return { after: (reply) => ({ ...reply, result: null, error: undefined }) };
    case "rewrite":
      return {
        after: (reply, call) => (reply.error ? reply : { ...reply, result: fault.result(reply.result, call) }),
      };
    case "dropFingerprint":
      return { after: (reply) => ({ ...reply, result: withoutFingerprint(reply.result) }) };
    default:
      return null;
  }
}

function onResult(changes: Record<string, (result: unknown) => unknown>): CallRule {
  return {
    after: (reply, call) => {
      const change = changes[call.method];
      return change && !reply.error ? { ...reply, result: change(reply.result) } : reply;
    },
  };
}

/** Changes the logs of eth_getLogs, and the answers of HTTP paths that end in one of these names. */
function onLogs(change: (logs: Log[]) => unknown[], paths: string[] = []): CallRule {
  return {
    after: (reply, call) => {
      const concerned = call.method === "eth_getLogs" || paths.some((path) => call.method.endsWith(path));
      return concerned && Array.isArray(reply.result) ? { ...reply, result: change(reply.result as Log[]) } : reply;
    },
  };
}

const at = (logs: unknown[], index = -1) => (index < 0 ? logs.length + index : index);

/** The same text with another last hex digit. */
function flipLast(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
}

function spoilt(header: Header, field: NonNullable<FaultOf<"wrongHeader">["field"]>): Header {
  const value = String(header[field]);
  if (field === "hash" || field === "parentHash") return { ...header, [field]: flipLast(value) };
  if (field === "logsBloom") return { ...header, logsBloom: `0x${"0".repeat(512)}` };
  return { ...header, [field]: toQuantity(Number(value) + (field === "number" ? 1 : 3600)) };
}

function withoutFingerprint(page: unknown): unknown {
  const { meta, ...rest } = page as { meta?: Record<string, unknown> };
  if (!meta) return page;
  const { fingerprint: _fingerprint, links: _links, ...kept } = meta;
  return { ...rest, meta: kept };
}

/** The heights a filter asks for; null where it names a block hash or is beyond reading. */
async function askedRange(filter: LogFilter, node: NodeBehind): Promise<{ from: number; to: number } | null> {
  if (filter.blockHash !== undefined) return null;
  const height = async (tag = "latest") => {
    if (tag.startsWith("0x")) return Number(tag);
    return Number((await node.call<Header | null>("eth_getBlockByNumber", [tag, false]))?.number ?? Number.NaN);
  };
  const to = await height(filter.toBlock);
  const from = await height(filter.fromBlock);
  return Number.isFinite(from) && Number.isFinite(to) ? { from, to } : null;
}

const filterOf = (call: RpcCall) => ((call.params as unknown[] | undefined)?.[0] ?? {}) as LogFilter;

function refusal(wording: RefusalWording, range: { from: number; to: number; limit: number }): Reply {
  const { status, ...error } = rangeRefusals[wording](range) as ReturnType<(typeof rangeRefusals)["alchemy"]>;
  return { status, error };
}

function rangeLimit({ blocks, wording = "geth" }: FaultOf<"rangeLimit">, node: NodeBehind): CallRule {
  return {
    before: async (call) => {
      if (call.method !== "eth_getLogs") return undefined;
      const range = await askedRange(filterOf(call), node);
      if (!range || range.to - range.from + 1 <= blocks) return undefined;
      return { reply: refusal(wording, { ...range, limit: blocks }) };
    },
  };
}

function resultLimit({ logs, wording = "infuraResults" }: FaultOf<"resultLimit">, node: NodeBehind): CallRule {
  return {
    after: async (reply, call) => {
      if (call.method !== "eth_getLogs" || !Array.isArray(reply.result) || reply.result.length <= logs) return reply;
      const { from, to } = (await askedRange(filterOf(call), node)) ?? { from: 0, to: 0 };
      // The suggestion is half of the range, as providers guess.
      return refusal(wording, { from, to, limit: Math.max(1, Math.floor((to - from + 1) / 2)) });
    },
  };
}

/** A node that invents a transfer and stands by it: in the logs of its block, and in a receipt. */
function forgery(armed: ArmedFault, transfer: ForgedTransfer, node: NodeBehind): CallRule {
  const hash = transfer.transactionHash ?? keccak256(toHex(`forged ${transfer.to} ${transfer.value}`));

  async function log(number: number): Promise<Log | null> {
    const header = await node.call<Header | null>("eth_getBlockByNumber", [toQuantity(number), false]);
    if (!header) return null;
    const others = await node.call<Log[]>("eth_getLogs", [{ fromBlock: header.number, toBlock: header.number }]);
    return {
      address: transfer.token.toLowerCase(),
      topics: [transferTopic, pad(transfer.from ?? transfer.token), pad(transfer.to)].map((topic) =>
        topic.toLowerCase(),
      ),
      data: toHex(transfer.value, { size: 32 }),
      blockHash: header.hash,
      blockNumber: header.number,
      transactionHash: hash,
      transactionIndex: toQuantity(header.transactions.length),
      logIndex: toQuantity(others.length),
      removed: false,
    };
  }

  return {
    after: async (reply, call) => {
      if (call.method === "eth_getLogs" && Array.isArray(reply.result)) {
        const filter = filterOf(call);
        const range = await askedRange(filter, node);
        armed.forgedBlock ??= transfer.blockNumber ?? range?.to;
        if (armed.forgedBlock === undefined || (range && !within(armed.forgedBlock, range))) return reply;
        const forged = await log(armed.forgedBlock);
        if (!forged || !selects(filter, forged)) return reply;
        return { ...reply, result: [...reply.result, forged] };
      }
      if (call.method !== "eth_getTransactionReceipt" || transfer.receipt === false) return reply;
      if ((call.params as unknown[])[0] !== hash || armed.forgedBlock === undefined) return reply;
      const forged = await log(armed.forgedBlock);
      return forged ? { ...reply, error: undefined, result: receiptOf(forged, transfer) } : reply;
    },
  };
}

const within = (height: number, { from, to }: { from: number; to: number }) => from <= height && height <= to;

/** Whether a filter asks for this log, its range apart. */
function selects(filter: LogFilter, log: Log): boolean {
  if (filter.blockHash !== undefined && filter.blockHash !== log.blockHash) return false;
  const has = (wanted: string | string[] | null | undefined, value: unknown) =>
    wanted == null || wanted.length === 0 || [wanted].flat().some((one) => one.toLowerCase() === value);
  const topics = log.topics as string[];
  return has(filter.address, log.address) && (filter.topics ?? []).every((topic, index) => has(topic, topics[index]));
}

function receiptOf(log: Log, transfer: ForgedTransfer) {
  return {
    transactionHash: log.transactionHash,
    transactionIndex: log.transactionIndex,
    blockHash: log.blockHash,
    blockNumber: log.blockNumber,
    from: (transfer.from ?? transfer.token).toLowerCase(),
    to: transfer.token.toLowerCase(),
    cumulativeGasUsed: "0xffff",
    gasUsed: "0xffff",
    effectiveGasPrice: "0x0",
    contractAddress: null,
    logs: [log],
    logsBloom: `0x${"0".repeat(512)}`,
    status: "0x1",
    type: "0x0",
  };
}
