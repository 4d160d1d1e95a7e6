import { toQuantity } from "./rpc";

/** How a provider says no to an eth_getLogs that asks for too much. */
export interface Refusal {
  /** HTTP status where the call stands alone; inside a batch it is 200. Default 200. */
  status?: number;
  code: number;
  message: string;
  data?: unknown;
}

/** The range that was asked for and the number of blocks (or logs) that the provider allows. */
export interface RefusedRange {
  from: number;
  to: number;
  limit: number;
}

const hexRange = ({ from, limit }: RefusedRange) => `[${toQuantity(from)}, ${toQuantity(from + limit - 1)}]`;
const grouped = (value: number) => value.toLocaleString("en-US");

/**
 * Refusals as real providers and nodes word them. Where each comes from stands beside it; the numbers in the text are
 * the limit in force. A scanner must understand that each means "ask for less", whatever the code.
 */
export const rangeRefusals = {
  /** Free plan, 2025: BobTheBuidler/dank_mids#772. HTTP 400 outside a batch. */
  alchemy: (range) => ({
    status: 400,
    code: -32600,
    message: `You can make eth_getLogs requests with up to a ${range.limit} block range. Based on your parameters, this block range should work: ${hexRange(range)}`,
  }),
  /** Paid plan, above 10,000 logs; the suggestion may itself be too wide. */
  alchemySize: (range) => ({
    status: 400,
    code: -32602,
    message: `Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of 10K logs in the response. Based on your parameters and the response size limit, this block range should work: ${hexRange(range)}`,
  }),
  /** INFURA/infura#237, live in 2026-08. */
  infura: ({ from, to, limit }) => ({ code: -32602, message: `range ${to - from} exceeds limit of ${limit}` }),
  /** Infura's documented answer above 10,000 results. */
  infuraResults: (range) => ({
    code: -32005,
    message: `query returned more than 10000 results. Try with this block range ${hexRange(range)}.`,
    data: { from: toQuantity(range.from), limit: 10_000, to: toQuantity(range.from + range.limit - 1) },
  }),
  /** OffchainLabs/arbitrum-sdk#609: HTTP 413 around a JSON-RPC error. */
  quicknode: ({ limit }) => ({
    status: 413,
    code: -32614,
    message: `eth_getLogs is limited to a ${grouped(limit)} range`,
  }),
  /** go-ethereum with a range limit: seen on several public nodes. */
  geth: ({ limit }) => ({ code: -32602, message: `block range greater than ${limit} max` }),
  /** bnb-chain/bsc with --rangelimit (bsc#113, bsc#101). */
  bsc: ({ limit }) => ({ code: -32000, message: `exceed maximum block range: ${limit}` }),
  /** The same words under another code: publicnode. */
  publicnode: ({ limit }) => ({ code: -32701, message: `exceed maximum block range: ${limit}` }),
  /** Official BSC endpoints, where eth_getLogs is switched off altogether (bnb-chain/bsc#1215). */
  bscDataseed: () => ({ code: -32005, message: "limit exceeded" }),
  /** erigontech/erigon#20424; before that the code was -32000. */
  erigon: ({ limit }) => ({
    code: -32602,
    message: `query block range exceeds server limit, narrow your filter: ${limit}`,
  }),
  /** erigontech/erigon#20784, above --rpc.logs.maxresults. */
  erigonResults: ({ limit }) => ({
    code: -32000,
    message: `query returns too many logs, narrow your filter: ${limit}`,
  }),
  /** paradigmxyz/reth, EthFilterError. */
  reth: ({ limit }) => ({ code: -32602, message: `query exceeds max block range ${limit}` }),
  ankr: () => ({ code: -32600, message: "block range is too wide" }),
  /** Ankr and mainnet.optimism.io. */
  ankrLarge: () => ({ code: -32062, message: "Block range is too large" }),
  chainstack: () => ({
    code: -32602,
    message:
      "Block range limit exceeded. See more details at https://docs.chainstack.com/docs/limits#evm-range-limits.",
  }),
  /** HTTP 400; the number in the text is not the limit in force. */
  drpc: () => ({ status: 400, code: 35, message: "ranges over 10000 blocks are not supported on freetier" }),
  blockpi: ({ limit }) => ({ code: -32602, message: `eth_getLogs is limited to 0 - ${limit} blocks range` }),
  /** java-tron 4.8.0 (recorded). */
  javaTron: ({ limit }) => ({ code: -32602, message: `exceed max block range: ${limit}` }),
} as const satisfies Record<string, (range: RefusedRange) => Refusal>;

/** Whose words a refusal uses. */
export type RefusalWording = keyof typeof rangeRefusals;

/** TronGrid above the rate of a key, and without a key: HTTP status and body (seen live, several repositories). */
export const tronGridRefusals = {
  keyLimit: (seconds = 27) => ({
    status: 429,
    body: { Error: `The key exceeds the frequency limit(15), and the query server is suspended for ${seconds} s` },
  }),
  noKeyLimit: (seconds = 5) => ({
    status: 403,
    body: { Error: `request rate exceeded the allowed_rps(3), and the query server is suspended for ${seconds} s` },
  }),
  badKey: () => ({ status: 401, body: { Error: "ApiKey not exists" } }),
} as const;
