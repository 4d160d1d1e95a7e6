import { HttpRequestError, http, ResponseBodyTooLargeError, RpcRequestError, TimeoutError } from "viem";
import { log, publicUrl } from "@/lib/log";
import { metrics } from "@/lib/metrics";

/** The node did not answer, or not believably; another one may. */
export class NodeError extends Error {
  override name = "NodeError";
  constructor(
    message: string,
    /** When it said that it is asked too much: how long to leave it alone. */
    readonly backOffMs: number | null = null,
  ) {
    super(message);
  }
}

/** The node wants fewer blocks a call (or the answer was too large). */
export class RangeRefused extends Error {
  override name = "RangeRefused";
  constructor(
    message: string,
    /** It did not say so, it only took too long: it may as well be dead. */
    readonly timedOut = false,
  ) {
    super(message);
  }
}

/** The node does not have a block that the network has: it lags. No fault, but no progress either. */
export class NodeBehind extends Error {
  override name = "NodeBehind";
}

/** One JSON-RPC URL. Calls made in the same turn of the event loop travel in one batch, so one backend answers them all. */
export type RpcClient = {
  call(method: string, params: unknown[]): Promise<unknown>;
  /** For calls that share no batch with others: what a node says to a batch as a whole is said to them alone. */
  apart(): RpcClient;
};

const TIMEOUT_MS = 15_000;
/** A provider that wants a longer pause (until its day is over, say) is asked this often all the same. */
const LONGEST_PAUSE_MS = 600_000;
/** java-tron takes no more by default. */
const BATCH_SIZE = 100;
/** A batch of calls that are answered with more is asked for again in smaller ranges: it is held in memory as a whole. */
const LARGEST_ANSWER_BYTES = 10_000_000;

/** A client of one URL; it never retries and never turns to another URL by itself. */
export function rpcClient(url: string, network: string, headers: Record<string, string> = {}): RpcClient {
  const node = publicUrl(url);
  const transport = http(url, {
    batch: { batchSize: BATCH_SIZE, wait: 0 },
    retryCount: 0,
    timeout: TIMEOUT_MS,
    maxResponseBodySize: LARGEST_ANSWER_BYTES,
    fetchOptions: { headers },
  })({ retryCount: 0, timeout: TIMEOUT_MS });
  return {
    async call(method, params) {
      metrics().rpcCalls.inc({ network, node, method });
      try {
        // biome-ignore lint/suspicious/noExplicitAny: viem types each method; ours are checked by their readers.
        return await transport.request({ method, params } as any);
      } catch (error) {
        throw describe(error, method);
      }
    },
    // Each transport batches by itself; connections are shared.
    apart: () => rpcClient(url, network, headers),
  };
}

// The words that providers refuse a range with, across geth, erigon, reth, java-tron and the large hosts.
const RANGE_WORDS =
  /range|too (many|large|big|wide)|limit(ed)? (to|exceeded)|exceed|max(imum)? .*(block|result|log|size)|more than \d+ (results|logs)|response size|query (timeout|returned)|timed? ?out|blocks? (distance|per)/i;
const RATE_WORDS =
  /rate.?limit|too many requests|request (rate|count)|per second|quota|capacity|throttl|credits|daily/i;
const RANGE_CODES = new Set([-32005, -32602, -32614, -32600, -32000, -32012, -32062, -32701, 35]);

/** A node that answers 429 or 403. @param retryAfter its header of that name; TronGrid, which sends none, bans for 30 s. */
export function refusal(status: number, retryAfter: unknown): NodeError {
  const after = Number(retryAfter) * 1000;
  const pause = after > 0 ? Math.min(after, LONGEST_PAUSE_MS) : 30_000;
  return new NodeError(`HTTP ${status}: asked too often or not allowed`, pause);
}

function describe(error: unknown, method: string): Error {
  const chain: unknown[] = [];
  for (let e: unknown = error; e instanceof Error; e = e.cause) chain.push(e);
  const request = chain.find((e) => e instanceof HttpRequestError);
  const rpc = chain.find((e) => e instanceof RpcRequestError);
  const status = request instanceof HttpRequestError ? request.status : undefined;
  const words =
    rpc instanceof RpcRequestError ? rpc.details : request instanceof HttpRequestError ? request.details : "";
  const forLogs = method === "eth_getLogs";
  if (status === 429 || status === 403) {
    return refusal(status, request instanceof HttpRequestError ? request.headers?.get("retry-after") : null);
  }
  if (rpc instanceof RpcRequestError) {
    if (RATE_WORDS.test(words)) return new NodeError(`${rpc.code}: ${words}`, 10_000);
    if (forLogs && RANGE_CODES.has(rpc.code) && RANGE_WORDS.test(words)) return new RangeRefused(words);
    return new NodeError(`${method}: ${rpc.code} ${words}`);
  }
  if (forLogs && (status === 413 || chain.some((e) => e instanceof TimeoutError))) {
    return status === 413 ? new RangeRefused("HTTP 413") : new RangeRefused("timed out", true);
  }
  // An answer larger than we take: asking for less helps, with receipts as with logs.
  if (chain.some((e) => e instanceof ResponseBodyTooLargeError)) {
    return new RangeRefused(`the answer is larger than ${LARGEST_ANSWER_BYTES / 1e6} MB`);
  }
  const last = chain.at(-1);
  const detail = status ? `HTTP ${status}` : last instanceof Error ? last.message.split("\n")[0] : String(error);
  return new NodeError(`${method}: ${detail}`);
}

type UrlState<N> = {
  url: string;
  node: N;
  failures: number;
  restUntil: number;
  /** It rests because it asked to be left alone. */
  refused: boolean;
  lastError: string | null;
};

/** A URL without keys, and what is wrong with it. */
export type NodeReport = { node: string; error: string | null };

/** The URLs of a network, best first, each with its own troubles: one that refuses is left alone while others work. */
export class NodePool<N> {
  private readonly states: UrlState<N>[];

  constructor(
    private readonly network: string,
    urls: string[],
    connect: (url: string) => N,
    private readonly now: () => number = Date.now,
  ) {
    this.states = urls.map((url) => ({
      url,
      node: connect(url),
      failures: 0,
      restUntil: 0,
      refused: false,
      lastError: null,
    }));
  }

  /**
   * Runs `work` on the best node that can do it. A NodeError or NodeBehind moves on to the next URL; every other error is
   * the caller's. When all URLs rest, the one that rests least is tried all the same, unless it asked to be left alone: a
   * provider that is asked during its ban makes the ban longer.
   * @throws the last node's error when none could.
   */
  run<T>(work: (node: N) => Promise<T>): Promise<T> {
    return this.tryInOrder(this.states, work);
  }

  /** The same, beginning with the second URL: for another opinion. With one URL it is asked again. */
  runElsewhere<T>(work: (node: N) => Promise<T>): Promise<T> {
    return this.tryInOrder([...this.states.slice(1), ...this.states.slice(0, 1)], work);
  }

  get size(): number {
    return this.states.length;
  }

  private async tryInOrder<T>(states: UrlState<N>[], work: (node: N) => Promise<T>): Promise<T> {
    const now = this.now();
    const awake = states.filter((state) => state.restUntil <= now);
    const resting = states.filter((state) => !state.refused).sort((a, b) => a.restUntil - b.restUntil);
    const order = awake.length > 0 ? awake : resting.slice(0, 1);
    let failure: unknown = new NodeError(states.find((state) => state.refused)?.lastError ?? "no node URL is set");
    for (const state of order) {
      try {
        const result = await work(state.node);
        if (state.failures > 0) log.info({ network: this.network, node: publicUrl(state.url) }, "node answers again");
        state.failures = 0;
        state.refused = false;
        state.lastError = null;
        return result;
      } catch (error) {
        failure = error;
        if (error instanceof NodeBehind) continue;
        if (!(error instanceof NodeError)) throw error;
        this.rest(state, error);
      }
    }
    throw failure;
  }

  private rest(state: UrlState<N>, error: NodeError): void {
    state.failures++;
    const kind = error.backOffMs === null ? "failed" : "refused";
    metrics().rpcErrors.inc({ network: this.network, node: publicUrl(state.url), kind });
    // 1 s, 2 s, 4 s … a minute: a dead URL must not cost the others a time-out at every tick.
    state.refused = error.backOffMs !== null;
    const pause = error.backOffMs ?? Math.min(60_000, 500 * 2 ** Math.min(state.failures, 10));
    state.restUntil = this.now() + pause;
    if (state.lastError !== error.message) {
      log.warn(
        { network: this.network, node: publicUrl(state.url), pauseMs: pause, reason: error.message },
        "node failed",
      );
    }
    state.lastError = error.message;
  }

  report(): NodeReport[] {
    return this.states.map((state) => ({ node: publicUrl(state.url), error: state.lastError }));
  }
}
