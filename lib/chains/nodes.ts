import { EvmNode } from "./evm";
import { type Network, networkSpec } from "./networks";
import { NodePool } from "./rpc";
import { TronNode } from "./tron";
import type { ChainNode } from "./types";

const pools = new Map<Network, NodePool<ChainNode>>();

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
  }
  return pool;
}

/** For tests that change the environment: the next use connects anew. */
export function resetNodes(): void {
  pools.clear();
}
