import { publicUrl } from "@/lib/log";
import { EvmNode } from "./evm";
import { type Network, networkSpec } from "./networks";
import { NodePool, type NodeReport } from "./rpc";
import { TronNode } from "./tron";
import type { ChainNode } from "./types";

const pools = new Map<Network, NodePool<ChainNode>>();
// Health is asked in another bundle than the one that scans, which has a copy of this file, and of the pools, of its own.
const KEY = Symbol.for("usdt-gateway.node-reports");
const store = globalThis as unknown as Record<symbol, Map<Network, () => NodeReport[]> | undefined>;

/** Whether this gateway watches a network: it has node URLs for it. */
export function isWatched(network: Network): boolean {
  return networkSpec(network).rpcUrls.length > 0;
}

/** The network's nodes, connected once a process. */
export function nodesOf(network: Network): NodePool<ChainNode> {
  let pool = pools.get(network);
  if (!pool) {
    const spec = networkSpec(network);
    pool = new NodePool<ChainNode>(network, spec.rpcUrls, (url) =>
      network === "tron" ? new TronNode(spec, url) : new EvmNode(spec, url),
    );
    pools.set(network, pool);
    const used = pool;
    store[KEY] ??= new Map();
    store[KEY].set(network, () => used.report());
  }
  return pool;
}

/** For health: every URL of the network (without keys), and what is wrong with it as far as this process uses it. */
export function nodeReports(network: Network): NodeReport[] {
  const unused = () => networkSpec(network).rpcUrls.map((url) => ({ node: publicUrl(url), error: null }));
  return (store[KEY]?.get(network) ?? unused)();
}

/** For tests that change the environment: the next use connects anew. */
export function resetNodes(): void {
  pools.clear();
  store[KEY]?.clear();
}
