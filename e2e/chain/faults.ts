import type { Address, Hex } from "viem";
import type { RefusalWording } from "./provider-refusals";
import type { RpcCall } from "./rpc";

/** Which requests a fault strikes. A batch is one request: it strikes all of its matching calls or none. */
export interface FaultScope {
  /** JSON-RPC methods (`eth_getLogs`) or paths (`/wallet/getnowblock`; a `*` at the end matches the rest). Default: all. */
  methods?: readonly string[];
  /** A finer choice among those. */
  where?: (call: RpcCall) => boolean;
  /** Lets so many matching requests through first. */
  skip?: number;
  /** Strikes so many requests, then is over. */
  times?: number;
  /** Strikes each matching request with this probability, drawn from the proxy's seed. */
  probability?: number;
  /** Is over after so many milliseconds. */
  forMs?: number;
}

/** A Transfer that never happened. Fields left out are invented, its block's real hash is looked up. */
export interface ForgedTransfer {
  token: Address;
  from?: Address;
  to: Address;
  value: bigint;
  transactionHash?: Hex;
  /** Default: the last block of the first range it is asked in. */
  blockNumber?: number;
  /** Whether eth_getTransactionReceipt vouches for it. Default true. */
  receipt?: boolean;
}

/** What goes wrong. */
export type FaultEffect =
  /** A backend that is so many blocks behind: head, tags, headers, logs and receipts agree with each other. */
  | { kind: "lag"; blocks: number }
  /** A backend that has stopped at a height. */
  | { kind: "stuck"; at: number }
  | { kind: "emptyLogs" }
  /** Only the first logs of each answer. */
  | { kind: "truncateLogs"; keep: number }
  /** One log of each answer is missing; a negative index counts from the end. Default: the last. */
  | { kind: "dropLog"; index?: number }
  /** Logs say that they are from another block than they are. Default index: the last one's. */
  | { kind: "wrongBlockHash"; index?: number }
  | { kind: "forgedLog"; transfer: ForgedTransfer }
  /** Refuses ranges of more than `blocks` blocks, both ends counted, in a provider's words. Default: geth's. 0: all. */
  | { kind: "rangeLimit"; blocks: number; wording?: RefusalWording }
  /** Refuses answers of more than `logs` logs. Default wording: infuraResults. */
  | { kind: "resultLimit"; logs: number; wording?: RefusalWording }
  | { kind: "rpcError"; code: number; message: string; data?: unknown }
  | { kind: "chainId"; chainId: number }
  | { kind: "noCode" }
  /** One field of every header is not what it was. `logsBloom`: all zero. Default: hash. */
  | { kind: "wrongHeader"; field?: "hash" | "parentHash" | "number" | "timestamp" | "logsBloom" }
  | { kind: "nullResult" }
  /** Anything else: what it returns stands in place of the result. */
  | { kind: "rewrite"; result: (result: unknown, call: RpcCall) => unknown }
  /** `/v1` pages without `meta.fingerprint` and `meta.links`, as TronGrid's for the USDT contract. */
  | { kind: "dropFingerprint" }
  /** An HTTP answer of this status in place of the real one: 403, 413, 429, 5xx. */
  | {
      kind: "http";
      status: number;
      retryAfter?: number | string;
      headers?: Record<string, string>;
      body?: string | object;
    }
  | { kind: "delay"; ms: number }
  /** The connection is reset before an answer. */
  | { kind: "reset" }
  /** No answer ever, until the client gives up or the proxy stops. */
  | { kind: "hang" }
  /** The body breaks off after so many bytes and the connection with it. Default: half of it. */
  | { kind: "cutBody"; bytes?: number }
  /** A whole body that is no JSON, under status 200. */
  | { kind: "badJson" };

/** What goes wrong, and when. */
export type Fault = FaultEffect & FaultScope;

/** The faults of one kind. */
export type FaultOf<Kind extends FaultEffect["kind"]> = Extract<Fault, { kind: Kind }>;

/** A fault in force. */
export interface ActiveFault {
  readonly fault: Fault;
  /** Requests it has struck so far. */
  readonly strikes: number;
  /** Ends it. */
  clear(): void;
}

/** A fault with its counters; decides whether it strikes a request. */
export class ArmedFault implements ActiveFault {
  strikes = 0;
  /** Forged logs keep to the block they first appeared in, so that asking again gives the same lie. */
  forgedBlock: number | undefined;
  private seen = 0;
  private over = false;
  private readonly since = performance.now();

  constructor(
    readonly fault: Fault,
    private readonly random: () => number,
  ) {}

  clear(): void {
    this.over = true;
  }

  get live(): boolean {
    const { times, forMs } = this.fault;
    if (this.over || (times !== undefined && this.strikes >= times)) return false;
    return forMs === undefined || performance.now() - this.since < forMs;
  }

  /** Whether a call is one that the fault is about, whatever its counters say. */
  concerns(call: RpcCall): boolean {
    const { methods, where } = this.fault;
    if (methods && !methods.some((method) => matches(method, call.method))) return false;
    return !where || where(call);
  }

  /** Decides for one HTTP request, and counts. */
  strike(calls: readonly RpcCall[]): boolean {
    if (!this.live || !calls.some((call) => this.concerns(call))) return false;
    const { skip = 0, probability } = this.fault;
    if (this.seen++ < skip) return false;
    if (probability !== undefined && this.random() >= probability) return false;
    this.strikes++;
    return true;
  }
}

function matches(pattern: string, method: string): boolean {
  return pattern.endsWith("*") ? method.startsWith(pattern.slice(0, -1)) : pattern === method;
}

/** Small seeded generator (mulberry32): the same seed strikes the same requests. Gives numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
