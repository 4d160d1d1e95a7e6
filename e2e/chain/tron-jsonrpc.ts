import { NodeError, toQuantity } from "./rpc";
import { plainHex } from "./tron-address";
import {
  feeLimit,
  type TronBlock,
  type TronLedger,
  type TronReceipt,
  type TronTransaction,
  type TronView,
  toSun,
} from "./tron-ledger";
import { getLogs, readHeight, type TronLimits, TronRpcError } from "./tron-logs";

/** What a `/jsonrpc` face works with. */
export interface JsonRpcContext {
  ledger: TronLedger;
  view: TronView;
  chainId: number;
  limits: TronLimits;
}

type Params = readonly unknown[];
type Method = { params: number; answer: (params: Params, context: JsonRpcContext) => unknown };

const zeroHash = `0x${"0".repeat(64)}`;
/** java-tron never fills a bloom filter: neither a block's nor a receipt's. */
const zeroBloom = `0x${"0".repeat(512)}`;
/** Price of a unit of energy in sun, which the API calls gas price. */
const gasPrice = "0x64";
/** Bytes of a block without transactions, and of a transaction in it beyond its raw data. */
const emptyBlockSize = 174;
const transactionOverhead = 3 + 67 + 4 + 3;

const methods: Record<string, Method> = {
  eth_chainId: { params: 0, answer: (_, { chainId }) => toQuantity(chainId) },
  net_version: { params: 0, answer: (_, { chainId }) => toQuantity(chainId) },
  // As recorded: it counts only neighbours that the node itself called.
  net_listening: { params: 0, answer: () => false },
  net_peerCount: { params: 0, answer: () => "0x0" },
  web3_clientVersion: { params: 0, answer: () => "TRON/v4.8.0/Linux/Java1.8" },
  eth_protocolVersion: { params: 0, answer: () => "0x20" },
  eth_accounts: { params: 0, answer: () => [] },
  eth_gasPrice: { params: 0, answer: () => gasPrice },
  eth_blockNumber: { params: 0, answer: async (_, { view }) => toQuantity(await view.head()) },
  eth_syncing: {
    params: 0,
    answer: async (_, { view }) => {
      const head = toQuantity(await view.head());
      return { startingBlock: toQuantity(await view.finalized()), currentBlock: head, highestBlock: head };
    },
  },
  eth_getBlockByNumber: {
    params: 2,
    answer: async ([tag, full], context) => {
      const number = await readHeight(tag, context.view, true);
      if (number > (await context.view.head())) return null;
      return shownBlock(await context.ledger.block(number), full === true, context.ledger);
    },
  },
  eth_getBlockByHash: {
    params: 2,
    answer: async ([hash, full], { ledger, view }) => {
      const block = await ledger.blockById(readHash(hash));
      if (!block || block.number > (await view.head())) return null;
      return shownBlock(block, full === true, ledger);
    },
  },
  eth_getBlockTransactionCountByNumber: {
    params: 1,
    answer: async ([tag], { ledger, view }) => {
      const number = await readHeight(tag, view, true);
      const block = number > (await view.head()) ? null : await ledger.block(number);
      return block && toQuantity(block.transactions.length);
    },
  },
  eth_getBlockTransactionCountByHash: {
    params: 1,
    answer: async ([hash], { ledger, view }) => {
      const block = await ledger.blockById(readHash(hash));
      return block && block.number <= (await view.head()) ? toQuantity(block.transactions.length) : null;
    },
  },
  eth_getLogs: {
    params: 1,
    answer: ([filter], { ledger, view, chainId, limits }) => getLogs(filter, ledger, view, chainId, limits),
  },
  eth_getTransactionReceipt: {
    params: 1,
    answer: async ([hash], { ledger, view }) => {
      const found = await ledger.transaction(readHash(hash));
      if (!found?.block || found.block.number > (await view.head())) return null;
      return shownReceipt(found.tx, found.block, await ledger.receipts(found.block));
    },
  },
  eth_getTransactionByHash: {
    params: 1,
    answer: async ([hash], { ledger, view }) => {
      const found = await ledger.transaction(readHash(hash));
      if (!found) return null;
      if (!found.block) return shownTransaction(found.tx, null, undefined);
      if (found.block.number > (await view.head())) return null;
      return shownTransaction(found.tx, found.block, (await ledger.receipts(found.block))[found.tx.index]);
    },
  },
  eth_getBalance: {
    params: 2,
    answer: async ([address, tag], { ledger }) => {
      onlyLatest(tag);
      return toQuantity(toSun(await ledger.rpc<string>("eth_getBalance", [address, "latest"])));
    },
  },
  eth_getCode: {
    params: 2,
    answer: ([address, tag], { ledger }) => {
      onlyLatest(tag);
      return ledger.rpc<string>("eth_getCode", [address, "latest"]);
    },
  },
  eth_call: { params: 2, answer: ([call, tag], { ledger }) => constantCall(call, tag, ledger) },
};

/** Answers the body of a POST to `/jsonrpc`: the text to send back, empty for a notification. */
export async function answerJsonRpc(body: string, context: JsonRpcContext): Promise<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // The id of a parse error is a text.
    return JSON.stringify({ jsonrpc: "2.0", id: "null", error: { code: -32700, message: "JSON parse error" } });
  }
  if (!Array.isArray(parsed)) return JSON.stringify(await answerOne(parsed, context)) ?? "";
  const answers = await Promise.all(parsed.map((call) => answerOne(call, context)));
  return JSON.stringify(answers.filter((answer) => answer !== undefined));
}

/** One call's answer; undefined for a notification. */
async function answerOne(call: unknown, context: JsonRpcContext): Promise<object | undefined> {
  const { id = null, method, params = [] } = (call ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
  const answer = (content: object) => ({ jsonrpc: "2.0", id, ...content });
  const known = typeof method === "string" ? methods[method] : undefined;
  const isNotification = typeof method === "string" && !Object.hasOwn(call as object, "id");
  if (isNotification) return undefined;
  if (!known) return answer({ error: { code: -32601, message: "method not found" } });
  if (!Array.isArray(params) || params.length !== known.params) {
    return answer({ error: { code: -32602, message: "method parameters invalid" } });
  }
  try {
    return answer({ result: await known.answer(params, context) });
  } catch (error) {
    if (!(error instanceof TronRpcError)) throw error;
    return answer({ error: { code: error.code, message: error.message, data: error.data } });
  }
}

function readHash(value: unknown): string {
  const hash = plainHex(String(value));
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new TronRpcError(-32602, "invalid hash value");
}

/** State is kept for the head only. */
function onlyLatest(tag: unknown): void {
  if (/^latest$/i.test(String(tag))) return;
  if (/^(earliest|pending|finalized)$/i.test(String(tag))) {
    throw new TronRpcError(-32602, `TAG [earliest | pending | finalized] not supported`);
  }
  if (/^0x[0-9a-f]+$/i.test(String(tag))) {
    throw new TronRpcError(-32602, "QUANTITY not supported, just support TAG as latest");
  }
  throw new TronRpcError(-32602, "invalid block number");
}

async function constantCall(call: unknown, tag: unknown, ledger: TronLedger): Promise<string> {
  onlyLatest(tag);
  const { from, to, data, input } = call as Record<string, string | undefined>;
  if ((await ledger.rpc<string>("eth_getCode", [to, "latest"])) === "0x") {
    throw new TronRpcError(-32600, "Smart contract is not exist.");
  }
  try {
    const output = await ledger.rpc<string>("eth_call", [{ from, to, data: data ?? input }, "latest"]);
    // As Tron's USDT, which answers false to a transfer that succeeds.
    return output === "0x" && (data ?? input)?.startsWith("0xa9059cbb") ? zeroHash : output;
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    const reason = /execution reverted: (.*)$/.exec(error.message)?.[1];
    throw new TronRpcError(-32000, `REVERT opcode executed${reason ? `: ${reason}` : ""}`);
  }
}

async function shownBlock(block: TronBlock | null, full: boolean, ledger: TronLedger) {
  if (!block) return null;
  const lateInside = block.transactions.some(({ id }) => ledger.outOfTime.has(id));
  const receipts = full || lateInside ? await ledger.receipts(block) : [];
  const energy = lateInside
    ? receipts.reduce((sum, receipt) => sum + receipt.energy, 0)
    : block.evmGasUsed - 21_000 * block.transactions.length;
  const callCount = block.transactions.filter(({ raw }) => raw.kind !== "transfer").length;
  const size = block.transactions.reduce((sum, tx) => sum + tx.rawHex.length / 2 + transactionOverhead, emptyBlockSize);
  return {
    baseFeePerGas: "0x0",
    difficulty: "0x0",
    extraData: "0x",
    gasLimit: toQuantity(callCount * feeLimit),
    gasUsed: toQuantity(Math.max(0, energy)),
    hash: `0x${block.id}`,
    logsBloom: zeroBloom,
    miner: block.number === 0 ? `0x${"0".repeat(40)}` : `0x${block.witness}`,
    mixHash: zeroHash,
    nonce: "0x0000000000000000",
    number: toQuantity(block.number),
    parentHash: `0x${block.parentId}`,
    receiptsRoot: zeroHash,
    sha3Uncles: zeroHash,
    size: toQuantity(size),
    stateRoot: "0x",
    // Block 0 has no time.
    timestamp: toQuantity(block.number === 0 ? 0 : block.timestamp),
    totalDifficulty: "0x0",
    transactions: block.transactions.map((tx) =>
      full ? shownTransaction(tx, block, receipts[tx.index]) : `0x${tx.id}`,
    ),
    transactionsRoot: `0x${block.txTrieRoot}`,
    uncles: [],
  };
}

/** A transaction; one that waits has `0x` where its block would stand. */
function shownTransaction(tx: TronTransaction, block: TronBlock | null, receipt: TronReceipt | undefined) {
  return {
    blockHash: block ? `0x${block.id}` : "0x",
    blockNumber: block ? toQuantity(block.number) : "0x",
    from: `0x${tx.raw.from}`,
    gas: toQuantity(tx.raw.kind === "transfer" ? 0 : (receipt?.energy ?? 0)),
    gasPrice: block ? gasPrice : "0x",
    hash: `0x${tx.id}`,
    input: `0x${tx.raw.data}`,
    nonce: "0x0000000000000000",
    r: `0x${tx.signature.slice(0, 64)}`,
    s: `0x${tx.signature.slice(64, 128)}`,
    to: tx.raw.to ? `0x${tx.raw.to}` : null,
    transactionIndex: block ? toQuantity(tx.index) : "0x",
    type: "0x0",
    v: `0x${tx.signature.slice(128)}`,
    value: toQuantity(tx.raw.sun),
  };
}

function shownReceipt(tx: TronTransaction, block: TronBlock, receipts: TronReceipt[]) {
  const own = receipts[tx.index];
  const place = { blockHash: `0x${block.id}`, blockNumber: toQuantity(block.number) };
  const transaction = { transactionHash: `0x${tx.id}`, transactionIndex: toQuantity(tx.index) };
  return {
    ...place,
    contractAddress: own?.created ? `0x${own.created}` : null,
    cumulativeGasUsed: toQuantity(receipts.slice(0, tx.index + 1).reduce((sum, { energy }) => sum + energy, 0)),
    effectiveGasPrice: gasPrice,
    from: `0x${tx.raw.from}`,
    gasUsed: toQuantity(own?.energy ?? 0),
    logs: (own?.logs ?? []).map((log) => ({
      address: `0x${log.address}`,
      ...place,
      data: `0x${log.data}`,
      logIndex: toQuantity(log.index),
      removed: false,
      topics: log.topics.map((topic) => `0x${topic}`),
      ...transaction,
    })),
    logsBloom: zeroBloom,
    status: own?.failed ? "0x0" : "0x1",
    to: tx.raw.to ? `0x${tx.raw.to}` : null,
    ...transaction,
    type: "0x0",
  };
}
