import { toQuantity } from "./rpc";
import { plainHex } from "./tron-address";
import { blockId, type TronLedger, type TronView } from "./tron-ledger";

/** A JSON-RPC error as java-tron words it; `data` is the text `{}` where the method itself refuses. */
export class TronRpcError extends Error {
  override readonly name = "TronRpcError";
  constructor(
    readonly code: number,
    message: string,
    readonly data: unknown = "{}",
  ) {
    super(message);
  }
}

/** Limits of `node.jsonrpc` in a node's configuration, and the results that eth_getLogs gives at most. */
export interface TronLimits {
  maxBlockRange: number;
  maxSubTopics: number;
  maxAddresses: number;
  maxResults: number;
}

/** java-tron's defaults. */
export const defaultLimits: TronLimits = {
  maxBlockRange: 5000,
  maxSubTopics: 1000,
  maxAddresses: 1000,
  maxResults: 10_000,
};

interface EvmLog {
  address: string;
  topics: string[];
  data: string;
  blockNumber: string;
  blockHash: string;
  transactionHash: string;
  transactionIndex: string;
  logIndex: string;
}

const invalid = (message: string) => new TronRpcError(-32602, message);

/** A tag or height in a parameter: eth_getBlockByNumber takes decimals, eth_getLogs does not. */
export async function readHeight(value: unknown, view: TronView, decimals: boolean): Promise<number> {
  const text = String(value);
  if (/^latest$/i.test(text)) return view.head();
  if (/^finalized$/i.test(text)) return view.finalized();
  if (/^earliest$/i.test(text)) return 0;
  if (/^pending$/i.test(text)) throw invalid("TAG pending not supported");
  if (/^0x[0-9a-f]+$/i.test(text) || (decimals && /^\d+$/.test(text))) return Number(text);
  throw invalid(decimals ? "invalid block number" : "Incorrect hex syntax");
}

/** eth_getLogs with java-tron's clamps: what lies above the head is cut off without a word. */
export async function getLogs(
  filter: unknown,
  ledger: TronLedger,
  view: TronView,
  chainId: number,
  limits: TronLimits,
) {
  const { address, topics, ...range } = (filter ?? {}) as Record<string, unknown>;
  const query = { address: readAddresses(address, limits), topics: readTopics(topics, limits) };
  const head = await view.head();
  const asked = await readRange(range, ledger, view, head, limits);
  const to = Math.min(asked.to, head);
  if (asked.from > to) return [];
  const found = await ledger.rpc<EvmLog[]>("eth_getLogs", [
    { ...query, fromBlock: toQuantity(asked.from), toBlock: toQuantity(to) },
  ]);
  const logs = await withoutHidden(found, ledger);
  if (logs.length > limits.maxResults) {
    throw new TronRpcError(-32005, `query returned more than ${limits.maxResults} results`);
  }
  return logs.map((log) => ({
    address: log.address.toLowerCase(),
    blockHash: `0x${blockId(Number(log.blockNumber), log.blockHash, chainId)}`,
    blockNumber: log.blockNumber,
    data: log.data,
    logIndex: log.logIndex,
    removed: false,
    topics: log.topics,
    transactionHash: log.transactionHash,
    transactionIndex: log.transactionIndex,
  }));
}

async function readRange(
  { blockHash, fromBlock, toBlock }: Record<string, unknown>,
  ledger: TronLedger,
  view: TronView,
  head: number,
  limits: TronLimits,
): Promise<{ from: number; to: number }> {
  if (blockHash != null) {
    if (fromBlock != null || toBlock != null) {
      throw invalid("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
    }
    const block = await ledger.blockById(plainHex(String(blockHash)));
    if (!block || block.number > head) throw invalid("invalid blockHash");
    return { from: block.number, to: block.number };
  }
  const open = (value: unknown) => value == null || value === "";
  const isLatest = (value: unknown) => /^latest$/i.test(String(value));
  // An upper end that is left out or is `latest` goes on without end, and is cut at the head.
  const to = open(toBlock) || isLatest(toBlock) ? Number.POSITIVE_INFINITY : await readHeight(toBlock, view, false);
  const from = open(fromBlock) ? Math.min(to, head) : await readHeight(fromBlock, view, false);
  if (from > to) throw invalid("please verify: fromBlock <= toBlock");
  if (limits.maxBlockRange > 0 && Math.min(to, head) - from > limits.maxBlockRange) {
    throw invalid(`exceed max block range: ${limits.maxBlockRange}`);
  }
  return { from, to };
}

function readAddresses(value: unknown, limits: TronLimits): string[] | undefined {
  if (value == null) return undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length > limits.maxAddresses) throw invalid(`exceed max addresses: ${limits.maxAddresses}`);
  const addresses = list.map((one, index) => {
    const hex = plainHex(String(one));
    if (!/^[0-9a-f]*$/.test(hex)) throw undecodable();
    if (hex.length === 40) return `0x${hex}`;
    throw invalid(Array.isArray(value) ? `invalid address at index ${index}: ${one}` : `invalid address: ${one}`);
  });
  return addresses.length > 0 ? addresses : undefined;
}

/** A `T…` address reaches the hex decoder, whose exception comes out whole. */
function undecodable(): TronRpcError {
  const message = "exception decoding Hex string: invalid characters encountered in Hex string";
  return new TronRpcError(-32001, message, {
    exceptionTypeName: "org.bouncycastle.util.encoders.DecoderException",
    message,
  });
}

function readTopics(value: unknown, limits: TronLimits): (string[] | null)[] | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.length > 4) throw invalid("topics size should be <= 4");
  return value.map((position) => {
    const wanted: unknown[] = position == null ? [] : [position].flat();
    if (wanted.length > limits.maxSubTopics) throw invalid(`exceed max topics: ${limits.maxSubTopics}`);
    const topics = wanted.map((topic) => {
      if (/^(0x)?[0-9a-f]{64}$/i.test(String(topic))) return `0x${plainHex(String(topic))}`;
      throw invalid(`invalid topic(s): ${topic}`);
    });
    // An empty list is a wildcard, as null is.
    return topics.length > 0 ? topics : null;
  });
}

/** Leaves out the logs of transactions that this node shows without any, and counts the others anew in their blocks. */
async function withoutHidden(logs: EvmLog[], ledger: TronLedger): Promise<EvmLog[]> {
  const hidden = [...ledger.outOfTime].filter(([, mode]) => mode === "noLogs").map(([id]) => id);
  if (hidden.length === 0 || logs.length === 0) return logs;
  const found = await Promise.all(
    hidden.map((id) => ledger.rpc<{ logs: EvmLog[] } | null>("eth_getTransactionReceipt", [`0x${id}`])),
  );
  const gone = found.flatMap((receipt) => receipt?.logs ?? []);
  return logs.flatMap((log) => {
    if (hidden.includes(plainHex(log.transactionHash))) return [];
    const before = gone.filter(
      (one) => one.blockHash === log.blockHash && Number(one.logIndex) < Number(log.logIndex),
    ).length;
    return [before === 0 ? log : { ...log, logIndex: toQuantity(Number(log.logIndex) - before) }];
  });
}
