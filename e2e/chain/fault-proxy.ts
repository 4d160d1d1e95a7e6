import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CallRule, callRule, type NodeBehind, type Reply } from "./fault-rules";
import { type ActiveFault, ArmedFault, type Fault, type FaultEffect, seededRandom } from "./faults";
import { callNode, type RpcAnswer, type RpcCall } from "./rpc";

/** Which node the proxy stands before. */
export interface FaultProxyOptions {
  /** Base URL of the node behind it; paths and queries are passed on. */
  target: string;
  /** What stands behind. A Tron node has its JSON-RPC under `/jsonrpc`, and HTTP paths that must lag with it. Default: evm. */
  node?: "evm" | "tron";
  /** Seed of faults that strike by chance. Default 1. */
  seed?: number;
  port?: number;
  /** Sees every call that arrives, before any fault. */
  onCall?: (call: RpcCall) => void;
}

/** A running proxy; see startFaultProxy. */
export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>;

/** One HTTP request: the JSON-RPC calls in it, or the path itself as a call. */
interface Incoming {
  calls: RpcCall[];
  shape: "single" | "batch" | "path";
  body: Buffer;
}

/** What goes back to the client. */
interface Outgoing {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * Starts an HTTP proxy in front of a node that misbehaves on demand. Without faults it passes bytes through unchanged.
 * It keeps its port while faults come and go, so it is one "provider" with a stable URL.
 */
export async function startFaultProxy(options: FaultProxyOptions) {
  const target = options.target.replace(/\/$/, "");
  const random = seededRandom(options.seed ?? 1);
  const calls: Record<string, number> = {};
  const counters = { requests: 0, received: 0, sent: 0 };
  let faults: ArmedFault[] = [];

  const rpcPath = options.node === "tron" ? "/jsonrpc" : "";
  const rpcType = options.node === "tron" ? "application/json-rpc" : "application/json";
  const behind: NodeBehind = {
    isTron: options.node === "tron",
    call: (method, params) => callNode(target + rpcPath, method, params),
    get: async (path, body) => {
      const headers = { "content-type": "application/json" };
      return (await fetch(target + path, { method: "POST", headers, body: JSON.stringify(body) })).json();
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const incoming = read(request, await collect(request));
    counters.requests++;
    counters.received += incoming.body.length;
    for (const call of incoming.calls) {
      calls[call.method] = (calls[call.method] ?? 0) + 1;
      options.onCall?.(call);
    }
    faults = faults.filter((armed) => armed.live);
    const struck = faults.filter((armed) => armed.strike(incoming.calls));
    const effect = <Kind extends FaultEffect["kind"]>(kind: Kind) =>
      struck.map((armed) => armed.fault).find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);

    const delay = effect("delay");
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay.ms));
    if (effect("hang")) return;
    if (effect("reset")) return void request.socket.resetAndDestroy();
    const http = effect("http");
    let outgoing = http ? httpAnswer(http) : await answer(request, incoming, struck);
    if (!outgoing) return void request.socket.resetAndDestroy();
    if (effect("badJson")) outgoing = { ...outgoing, body: outgoing.body.subarray(0, outgoing.body.length >> 1) };
    const cut = effect("cutBody");
    const end = cut ? Math.min(cut.bytes ?? outgoing.body.length >> 1, outgoing.body.length) : outgoing.body.length;
    response.writeHead(outgoing.status, { ...outgoing.headers, "content-length": outgoing.body.length });
    counters.sent += end;
    if (!cut) return void response.end(outgoing.body);
    response.write(outgoing.body.subarray(0, end), () => request.socket.destroy());
  }

  /** The node's answer as the faults leave it; null when the node itself gave none. */
  async function answer(request: IncomingMessage, incoming: Incoming, struck: ArmedFault[]): Promise<Outgoing | null> {
    const rules = struck.flatMap((armed) => {
      const rule = callRule(armed, behind);
      return rule ? [{ armed, rule }] : [];
    });
    const rulesOf = (call: RpcCall) => rules.filter(({ armed }) => armed.concerns(call)).map(({ rule }) => rule);
    if (rules.length === 0) return forward(request, incoming.body);
    if (incoming.shape === "path") return answerPath(request, incoming, rulesOf);

    const plans = await Promise.all(incoming.calls.map((call) => plan(call, rulesOf(call))));
    const forwarded = plans.flatMap(({ call, reply }) => (reply ? [] : [call]));
    let shell: Outgoing = { status: 200, headers: { "content-type": rpcType }, body: Buffer.alloc(0) };
    const answers = new Map<string, RpcAnswer>();
    if (forwarded.length > 0) {
      const body = Buffer.from(JSON.stringify(incoming.shape === "batch" ? forwarded : forwarded[0]));
      const real = await forward(request, body);
      if (!real) return null;
      const parsed = parse(real.body);
      if (parsed === undefined) return real;
      shell = real;
      for (const one of [parsed].flat() as RpcAnswer[]) answers.set(JSON.stringify(one.id ?? null), one);
    }
    const replies: Reply[] = [];
    for (const { call, rules: callRules, reply, original } of plans) {
      let result: Reply | undefined = reply ?? answers.get(JSON.stringify(original.id ?? null));
      if (!result) continue; // A notification, or a call that the node ignored.
      if (!reply) for (const rule of callRules) result = (await rule.after?.(result, call)) ?? result;
      replies.push({ jsonrpc: "2.0", id: original.id, ...result });
    }
    const status = (incoming.shape === "single" && replies[0]?.status) || shell.status;
    const bare = replies.map(({ status: _status, ...rest }) => rest);
    return { ...shell, status, body: Buffer.from(JSON.stringify(incoming.shape === "batch" ? bare : bare[0])) };
  }

  async function answerPath(
    request: IncomingMessage,
    incoming: Incoming,
    rulesOf: (call: RpcCall) => CallRule[],
  ): Promise<Outgoing | null> {
    const [original] = incoming.calls;
    if (!original) return forward(request, incoming.body);
    const rules = rulesOf(original);
    const planned = await plan(original, rules);
    const changed = planned.call !== original ? Buffer.from(JSON.stringify(planned.call.params)) : incoming.body;
    const real = planned.reply ? null : await forward(request, changed);
    if (!planned.reply && !real) return null;
    const result = real ? parse(real.body) : planned.reply?.result;
    if (result === undefined) return real;
    let reply: Reply = { result };
    if (real) for (const rule of rules) reply = (await rule.after?.(reply, planned.call)) ?? reply;
    const headers = real?.headers ?? { "content-type": "application/json;charset=utf-8" };
    return { status: real?.status ?? 200, headers, body: Buffer.from(JSON.stringify(reply.result)) };
  }

  async function forward(request: IncomingMessage, body: Buffer): Promise<Outgoing | null> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (!notPassedOn.has(name) && typeof value === "string") headers[name] = value;
    }
    // Bodies are read and changed here, so they must come uncompressed.
    headers["accept-encoding"] = "identity";
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    try {
      const response = await fetch(target + (request.url === "/" ? "" : (request.url ?? "")), {
        method: request.method,
        headers,
        body: hasBody ? new Uint8Array(body) : undefined,
        redirect: "manual",
      });
      const passed = [...response.headers].filter(([name]) => !notPassedOn.has(name));
      return {
        status: response.status,
        headers: Object.fromEntries(passed),
        body: Buffer.from(await response.arrayBuffer()),
      };
    } catch {
      return null;
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    /** Calls that arrived, by JSON-RPC method or path, those inside batches too. */
    calls: calls as Readonly<Record<string, number>>,
    /** HTTP requests, and bytes of their bodies: received from clients, sent to them. */
    bytes: counters as Readonly<typeof counters>,
    /** Adds faults to those in force; the last one comes back, to count its strikes or to end it. */
    setFault(...added: [Fault, ...Fault[]]): ActiveFault {
      const armed = added.map((fault) => new ArmedFault(fault, random));
      faults.push(...armed);
      return armed[armed.length - 1] as ActiveFault;
    },
    /** Ends all faults. Requests that hang go on hanging. */
    clear(): void {
      for (const armed of faults) armed.clear();
      faults = [];
    },
    resetCounts(): void {
      for (const method of Object.keys(calls)) delete calls[method];
      Object.assign(counters, { requests: 0, received: 0, sent: 0 });
    },
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Headers of one hop, and those that no longer fit a body that was read and written again. */
const notPassedOn = new Set([
  ...["connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host", "expect"],
  ...["accept-encoding", "te", "trailer", "upgrade", "date"],
]);

interface Plan {
  original: RpcCall;
  call: RpcCall;
  rules: CallRule[];
  reply?: Reply;
}

async function plan(original: RpcCall, rules: CallRule[]): Promise<Plan> {
  let call = original;
  for (const rule of rules) {
    const step = await rule.before?.(call);
    if (step && "reply" in step) return { original, call, rules, reply: step.reply };
    if (step) call = step.call;
  }
  return { original, call, rules };
}

function read(request: IncomingMessage, body: Buffer): Incoming {
  const url = new URL(request.url ?? "/", "http://node");
  const parsed = parse(body);
  const isCall = (value: unknown): value is RpcCall =>
    typeof value === "object" && value !== null && typeof (value as RpcCall).method === "string";
  if (Array.isArray(parsed) && parsed.length > 0 && parsed.every(isCall)) {
    return { calls: parsed, shape: "batch", body };
  }
  if (isCall(parsed)) return { calls: [parsed], shape: "single", body };
  const params = parsed ?? Object.fromEntries(url.searchParams);
  return { calls: [{ method: url.pathname, params }], shape: "path", body };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function httpAnswer(fault: Extract<Fault, { kind: "http" }>): Outgoing {
  const json = typeof fault.body === "object";
  const body = json ? JSON.stringify(fault.body) : String(fault.body ?? `<html><body>${fault.status}</body></html>`);
  return {
    status: fault.status,
    headers: {
      "content-type": json ? "application/json" : "text/html",
      ...(fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }),
      ...fault.headers,
    },
    body: Buffer.from(body),
  };
}
