import { EvmNode } from "./evm";
import { type Network, networkSpec } from "./networks";
import { NodePool } from "./rpc";
import type { ChainNode } from "./types";

const pools = new Map<Network, NodePool<ChainNode>>();

/** Networks whose reader this version has. */
const READABLE: readonly Network[] = ["ethereum", "bsc"];

/** Whether this gateway watches a network: it has node URLs for it, and can read it. */
export function isWatched(network: Network): boolean {
  return READABLE.includes(network) && networkSpec(network).rpcUrls.length > 0;
}

/** The network's nodes, connected once a process. */
export function nodesOf(network: Network): NodePool<ChainNode> {
  let pool = pools.get(network);
  if (!pool) {
    const spec = networkSpec(network);
    pool = new NodePool<ChainNode>(network, spec.rpcUrls, (url) => new EvmNode(spec, url));
    pools.set(network, pool);
  }
  return pool;
}

/** For tests that change the environment: the next use connects anew. */
export function resetNodes(): void {
  pools.clear();
}
