import { hiddenFromPath, lagPath } from "./fault-lag-tron";
import type { CallRule, NodeBehind, Reply } from "./fault-rules";
import { type RpcCall, toQuantity } from "./rpc";

interface Numbered {
  number?: string;
  blockNumber?: string | null;
}

/** A hash of no block. */
const nowhere = `0x${"f".repeat(64)}`;

/**
 * A backend that has not heard of the newest blocks. Whatever is asked, the answers agree with the lower head: the
 * dangerous one is eth_getLogs, which says `[]` about blocks that it does not know.
 */
export function lagRule(node: NodeBehind, apparent: (realHead: number) => number): CallRule {
  let view: Promise<LagView> | undefined;
  const look = () => {
    view ??= readView(node, apparent);
    return view;
  };
  return {
    before: async (call) => {
      if (call.method.startsWith("/")) return node.isTron ? lagPath(call, await look(), node) : undefined;
      const step = steps[call.method];
      return step?.(call, await look(), node);
    },
    after: async (reply, call) => {
      if (call.method.startsWith("/")) return node.isTron ? hiddenFromPath(reply, call, await look(), node) : reply;
      return hidesResult.has(call.method) ? hidden(reply, (await look()).head) : reply;
    },
  };
}

/** What the lagging backend believes: its head, and what is final to it. */
export interface LagView {
  head: number;
  finalized: number;
  /** Blocks it is behind. */
  behind: number;
}

type Step = (
  call: RpcCall,
  view: LagView,
  node: NodeBehind,
) => Promise<{ reply: Reply } | { call: RpcCall } | undefined>;

async function readView(node: NodeBehind, apparent: (realHead: number) => number): Promise<LagView> {
  const real = Number(await node.call<string>("eth_blockNumber", []));
  const finalized = Number(
    (await node.call<Numbered | null>("eth_getBlockByNumber", ["finalized", false]))?.number ?? 0,
  );
  const head = Math.max(0, apparent(real));
  return { head, finalized: Math.max(0, finalized - (real - head)), behind: real - head };
}

/** The height a tag means to this backend; undefined for what it leaves to the node (`safe`, nonsense). */
function height(tag: unknown, view: LagView, isTron: boolean): number | undefined {
  if (tag === undefined || tag === null || tag === "latest") return view.head;
  // Tron refuses it, in words of its own.
  if (tag === "pending") return isTron ? undefined : view.head;
  if (tag === "finalized") return view.finalized;
  if (tag === "earliest") return 0;
  if (typeof tag !== "string" || !/^(0x[0-9a-f]+|[0-9]+)$/i.test(tag)) return undefined;
  return Number(tag);
}

const byNumber: Step = async (call, view, node) => {
  const [tag, ...rest] = params(call);
  const number = height(tag, view, node.isTron);
  if (number === undefined) return undefined;
  if (number > view.head) return { reply: { result: null } };
  return { call: { ...call, params: [toQuantity(number), ...rest] } };
};

const logs: Step = async (call, view, node) => {
  const [filter, ...rest] = params(call) as [Record<string, unknown> | undefined, ...unknown[]];
  if (!filter) return undefined;
  if (typeof filter.blockHash === "string") {
    const block = await node.call<Numbered | null>("eth_getBlockByHash", [filter.blockHash, false]).catch(() => null);
    if (!block || Number(block.number) <= view.head) return undefined;
    // The node's own words for a hash it has never heard of.
    return { call: { ...call, params: [{ ...filter, blockHash: nowhere }, ...rest] } };
  }
  const from = height(filter.fromBlock, view, node.isTron);
  const to = height(filter.toBlock, view, node.isTron);
  if (from === undefined || to === undefined) return undefined;
  if (from > view.head) return { reply: { result: [] } };
  const range = { fromBlock: toQuantity(from), toBlock: toQuantity(Math.min(to, view.head)) };
  return { call: { ...call, params: [{ ...filter, ...range }, ...rest] } };
};

const steps: Record<string, Step | undefined> = {
  eth_blockNumber: async (_, view) => ({ reply: { result: toQuantity(view.head) } }),
  eth_getBlockByNumber: byNumber,
  eth_getBlockReceipts: byNumber,
  eth_getBlockTransactionCountByNumber: byNumber,
  eth_getLogs: logs,
};

/** Calls whose answer names its block, which may be one this backend has not seen. */
const hidesResult = new Set(["eth_getBlockByHash", "eth_getTransactionReceipt", "eth_getTransactionByHash"]);

function hidden(reply: Reply, head: number): Reply {
  const found = reply.result as Numbered | null | undefined;
  return found && Number(found.number ?? found.blockNumber ?? 0) > head ? { ...reply, result: null } : reply;
}

const params = (call: RpcCall) => (Array.isArray(call.params) ? (call.params as unknown[]) : []);
