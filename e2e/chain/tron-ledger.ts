import { keccak256, toHex } from "viem";
import { callNode, callNodeBatch, NodeError, type RpcCall, toQuantity } from "./rpc";
import { plainHex } from "./tron-address";
import { encodeRawData, type RawTransaction } from "./tron-raw-data";

/** Heights that one of a node's faces knows: `/wallet` up to the head, `/walletsolidity` less. */
export interface TronView {
  /** The highest block it shows. */
  head(): Promise<number>;
  /** What its tag `finalized` means. */
  finalized(): Promise<number>;
}

/** A block as Tron sees it. Ids and hashes are 64 hex digits without 0x. */
export interface TronBlock {
  number: number;
  /** Height in 16 hex digits, then the tail of the EVM hash. */
  id: string;
  parentId: string;
  /** Seconds. */
  timestamp: number;
  txTrieRoot: string;
  /** 20 bytes in hex. */
  witness: string;
  transactions: TronTransaction[];
  /** The EVM block's own hash, with 0x. */
  evmHash: `0x${string}`;
  evmGasUsed: number;
}

/** A transaction as its sender signed it, and where it stands. */
export interface TronTransaction {
  /** The EVM hash without 0x. */
  id: string;
  index: number;
  raw: RawTransaction;
  rawHex: string;
  /** 65 bytes: r, s and v. Invented, but the same whenever it is asked. */
  signature: string;
  /** How many transactions its sender had sent before. */
  nonce: number;
}

/** A log as the EVM made it, without 0x; `index` counts within the block. */
export interface TronLog {
  address: string;
  topics: string[];
  data: string;
  index: number;
}

/** What became of a transaction, as far as receipts tell. */
export interface TronReceipt {
  failed: boolean;
  energy: number;
  logs: TronLog[];
  /** Address of a contract that it created, 20 bytes in hex. */
  created: string | null;
  outOfTime: OutOfTime | null;
}

/** What only the per-transaction info of a full node tells. */
export interface TronTrace {
  result: string;
  message: string | null;
  output: string;
  internal: { from: string; to: string; sun: bigint; rejected: boolean }[];
}

/**
 * How a node shows a transaction that ran out of time: `logs` as a node that received the block and runs with
 * minTimeRatio 0.6, `noLogs` as the node that made the block.
 */
export type OutOfTime = "logs" | "noLogs";

/** What a transaction that runs out of time costs: the whole fee limit of 1000 TRX at 100 sun for a unit of energy. */
export const outOfTimeEnergy = 10_000_000;
/** What each transaction allows for energy, in sun. */
export const feeLimit = 1_000_000_000;

interface EvmTransaction {
  hash: string;
  from: string;
  to: string | null;
  input: string;
  value: string;
  nonce: string;
}

interface EvmBlock {
  number: string;
  hash: `0x${string}`;
  parentHash: string;
  timestamp: string;
  gasUsed: string;
  transactionsRoot: string;
  transactions: EvmTransaction[];
}

interface EvmReceipt {
  status: string;
  gasUsed: string;
  contractAddress: string | null;
  logs: { address: string; topics: string[]; data: string; logIndex: string }[];
}

interface EvmTrace {
  action: { from: string; to?: string; value?: string; gas?: string };
  result: { output?: string; code?: string } | null;
  error?: string;
  traceAddress: number[];
}

/** One wei as a fraction of a sun: the dev accounts' 10,000 ether read as 10,000 TRX. */
const weiPerSun = 10n ** 12n;
/** Gas that an EVM transaction costs before it runs; Tron charges bandwidth for that instead. */
const intrinsicGas = 21_000;
const noHash = "0".repeat(64);

/** A chain in Tron's terms; see createLedger. */
export type TronLedger = ReturnType<typeof createLedger>;

/** Reads an EVM node and tells its blocks, transactions and logs in Tron's terms. Caches only what a hash pins down. */
export function createLedger(url: string, chainId: number) {
  const outOfTime = new Map<string, OutOfTime>();
  let receiptCache = new Map<string, TronReceipt[]>();
  let traceCache = new Map<string, TronTrace[]>();

  const rpc = <T>(method: string, params: readonly unknown[] = []) => callNode<T>(url, method, params);

  /** Several calls in one request; throws for the first that the node refuses. */
  async function batch(calls: RpcCall[]): Promise<unknown[]> {
    const answers = await callNodeBatch(url, calls);
    return answers.map(({ result, error }, index) => {
      if (error) throw new NodeError(calls[index]?.method ?? "", error.code, error.message, error.data);
      return result;
    });
  }

  const head = async () => Number(await rpc<string>("eth_blockNumber"));

  async function block(number: number): Promise<TronBlock | null> {
    if (number < 0 || !Number.isSafeInteger(number)) return null;
    const found = await rpc<EvmBlock | null>("eth_getBlockByNumber", [toQuantity(number), true]);
    return found && tronBlock(found);
  }

  /** Blocks of consecutive heights, as far as they exist. */
  async function blocks(from: number, to: number): Promise<TronBlock[]> {
    const calls: RpcCall[] = [];
    for (let number = from; number <= to; number++) {
      calls.push({ method: "eth_getBlockByNumber", params: [toQuantity(number), true] });
    }
    const found = (await batch(calls)) as (EvmBlock | null)[];
    return found.flatMap((one) => (one ? [tronBlock(one)] : []));
  }

  /** The block of an id (64 hex digits): its first eight bytes say where to look. */
  async function blockById(id: string): Promise<TronBlock | null> {
    const number = Number.parseInt(id.slice(0, 16), 16);
    const found = await block(number);
    return found?.id === id ? found : null;
  }

  function tronBlock(found: EvmBlock): TronBlock {
    const number = Number(found.number);
    const parentId = number === 0 ? noHash : blockId(number - 1, found.parentHash, chainId);
    const timestamp = Number(found.timestamp);
    const body = { number, parentId, timestamp };
    return {
      ...body,
      id: blockId(number, found.hash, chainId),
      txTrieRoot: found.transactions.length === 0 ? noHash : plainHex(found.transactionsRoot),
      witness: witness(number),
      transactions: found.transactions.map((one, index) => tronTransaction(one, index, body)),
      evmHash: found.hash,
      evmGasUsed: Number(found.gasUsed),
    };
  }

  /** A transaction and its block; the block is null while it waits in the pool. */
  async function transaction(id: string): Promise<{ tx: TronTransaction; block: TronBlock | null } | null> {
    if (!/^[0-9a-f]{64}$/.test(id)) return null;
    const found = await rpc<(EvmTransaction & { blockNumber: string | null }) | null>("eth_getTransactionByHash", [
      `0x${id}`,
    ]);
    if (!found) return null;
    if (found.blockNumber === null) {
      const parent = await block(await head());
      if (!parent) return null;
      const next = { number: parent.number + 1, parentId: parent.id, timestamp: parent.timestamp + 3 };
      return { tx: tronTransaction(found, 0, next), block: null };
    }
    const home = await block(Number(found.blockNumber));
    const tx = home?.transactions.find((one) => one.id === id);
    // Gone in between: a reorganisation took it.
    return home && tx ? { tx, block: home } : null;
  }

  async function receipts(home: TronBlock): Promise<TronReceipt[]> {
    const cached = receiptCache.get(home.evmHash);
    if (cached) return cached;
    const calls = home.transactions.map((tx) => ({ method: "eth_getTransactionReceipt", params: [`0x${tx.id}`] }));
    const found = (await batch(calls)) as (EvmReceipt | null)[];
    let nextIndex = 0;
    const told = found.map((receipt, position): TronReceipt => {
      const late = outOfTime.get(home.transactions[position]?.id ?? "") ?? null;
      const logs = late === "noLogs" ? [] : (receipt?.logs ?? []);
      return {
        failed: late !== null || receipt?.status !== "0x1",
        energy: late ? outOfTimeEnergy : Math.max(0, Number(receipt?.gasUsed ?? 0) - intrinsicGas),
        // Counted anew: hidden logs take no number.
        logs: logs.map((log) => ({
          address: plainHex(log.address),
          topics: log.topics.map(plainHex),
          data: plainHex(log.data),
          index: nextIndex++,
        })),
        created: receipt?.contractAddress ? plainHex(receipt.contractAddress) : null,
        outOfTime: late,
      };
    });
    receiptCache = remembered(receiptCache, home.evmHash, told);
    return told;
  }

  async function traces(home: TronBlock): Promise<TronTrace[]> {
    const cached = traceCache.get(home.evmHash);
    if (cached) return cached;
    const found = (await batch(
      home.transactions.map((tx) => ({ method: "trace_transaction", params: [`0x${tx.id}`] })),
    )) as (EvmTrace[] | null)[];
    const told = found.map((trace, position) => tronTrace(trace ?? [], home.transactions[position]));
    traceCache = remembered(traceCache, home.evmHash, told);
    return told;
  }

  function tronTrace(trace: EvmTrace[], tx: TronTransaction | undefined): TronTrace {
    const root = trace.find(({ traceAddress }) => traceAddress.length === 0);
    const late = outOfTime.get(tx?.id ?? "");
    if (late) {
      const message = late === "logs" ? "CPU timeout for 'ISZERO' operation executing" : "Already Time Out";
      return { result: "OUT_OF_TIME", message, output: "", internal: [] };
    }
    const output = plainHex(root?.result?.output ?? root?.result?.code ?? "");
    // Tron's USDT answers false to a transfer that succeeded; the test token answers nothing.
    const answersFalse = !root?.error && output === "" && tx?.raw.data.startsWith("a9059cbb");
    return {
      ...failure(root?.error, root?.action),
      output: answersFalse ? noHash : output,
      internal: trace
        .filter(({ traceAddress }) => traceAddress.length > 0)
        .map(({ action, error }) => ({
          from: plainHex(action.from),
          to: plainHex(action.to ?? ""),
          sun: BigInt(action.value ?? 0) / weiPerSun,
          rejected: error !== undefined,
        })),
    };
  }

  return {
    url,
    rpc,
    head,
    block,
    blocks,
    blockById,
    transaction,
    receipts,
    traces,
    outOfTime,
    /** Makes a transaction one that ran out of time, or an ordinary one again (null). */
    setOutOfTime(id: string, mode: OutOfTime | null): void {
      if (mode) outOfTime.set(plainHex(id), mode);
      else outOfTime.delete(plainHex(id));
      receiptCache.clear();
      traceCache.clear();
    },
  };
}

/** Keeps the newest few hundred entries. */
function remembered<T>(cache: Map<string, T>, key: string, value: T): Map<string, T> {
  if (cache.size >= 256) cache.delete(cache.keys().next().value ?? "");
  return cache.set(key, value);
}

/** Height in 16 hex digits, then the EVM hash from there on. Block 0 ends with the chain id, as every Tron genesis does. */
export function blockId(number: number, evmHash: string, chainId: number): string {
  const id = number.toString(16).padStart(16, "0") + plainHex(evmHash).slice(16);
  return number === 0 ? id.slice(0, 56) + chainId.toString(16).padStart(8, "0") : id;
}

/** One of 27 made-up super representatives, taking turns. 20 bytes in hex. */
function witness(number: number): string {
  return keccak256(toHex(`super representative ${number % 27}`)).slice(-40);
}

function tronTransaction(
  tx: EvmTransaction,
  index: number,
  home: { number: number; parentId: string; timestamp: number },
): TronTransaction {
  const id = plainHex(tx.hash);
  const data = plainHex(tx.input);
  const raw: RawTransaction = {
    kind: tx.to === null ? "create" : data === "" ? "transfer" : "call",
    from: plainHex(tx.from),
    to: plainHex(tx.to ?? ""),
    data,
    sun: BigInt(tx.value) / weiPerSun,
    refBlockBytes: Math.max(0, home.number - 1)
      .toString(16)
      .padStart(4, "0")
      .slice(-4),
    refBlockHash: home.parentId.slice(16, 32),
    expiration: (home.timestamp + 57) * 1000,
    timestamp: (home.timestamp - 3) * 1000,
    feeLimit,
  };
  const half = (part: string) => keccak256(toHex(`${part} of ${id}`)).slice(2);
  return {
    id,
    index,
    raw,
    rawHex: encodeRawData(raw),
    signature: `${half("r")}${half("s")}${Number.parseInt(id.slice(-1), 16) % 2 ? "1b" : "1c"}`,
    nonce: Number(tx.nonce),
  };
}

/** Tron's word for the way an EVM call failed, and the text that goes with it. */
function failure(error: string | undefined, action?: { gas?: string }): { result: string; message: string | null } {
  if (error === undefined) return { result: "SUCCESS", message: null };
  if (/revert/i.test(error)) return { result: "REVERT", message: "REVERT opcode executed" };
  if (/gas/i.test(error)) {
    const limit = Number(action?.gas ?? 0);
    const energy = `curInvokeEnergyLimit[${limit}], curOpEnergy[3], usedEnergy[${limit}]`;
    return { result: "OUT_OF_ENERGY", message: `Not enough energy for 'PUSH2' operation executing: ${energy}` };
  }
  return { result: "ILLEGAL_OPERATION", message: "Invalid operation code" };
}

/** TRX of an account in sun: its ether, read as so many TRX. */
export function toSun(wei: string): bigint {
  return BigInt(wei) / weiPerSun;
}
