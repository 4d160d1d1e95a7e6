import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Hex } from "viem";
import { type Anvil, chainIds, type Sent } from "./anvil";
import { type Payout, tokenCalls } from "./token";
import { evmAddress } from "./tron-address";
import { contractEvents, createGate, type TronGridOptions } from "./tron-grid";
import { answerJsonRpc } from "./tron-jsonrpc";
import { createLedger, type OutOfTime, type TronView } from "./tron-ledger";
import { defaultLimits, type TronLimits } from "./tron-logs";
import { WalletError, type WalletRequest, walletHandlers } from "./tron-wallet";

/** How the emulated node is set up. */
export interface TronEmulatorOptions {
  /** The EVM node that holds the chain. */
  anvil: Pick<Anvil, "url" | "token">;
  /** What eth_chainId answers. Default: mainnet's 0x2b6653dc. */
  chainId?: number;
  /** Head − `finalized` on `/jsonrpc`. Default 18, as on a real chain of 27 representatives. */
  finalizedLag?: number;
  /** Head − head of `/walletsolidity`. Default 20: the tag `finalized` leads by two blocks. */
  solidLag?: number;
  limits?: Partial<TronLimits>;
  /** Quotas and keys as on TronGrid. Default: none, as on an own node. */
  tronGrid?: TronGridOptions;
  /** Whether `/v1` pages have a fingerprint. Default: those of every contract but the token, which is the trap. */
  fingerprints?: boolean;
  port?: number;
}

/** A running emulator; see startTronEmulator. */
export type TronEmulator = Awaited<ReturnType<typeof startTronEmulator>>;

const json = "application/json;charset=utf-8";
const htmlType = "text/html;charset=iso-8859-1";

/**
 * Starts a Tron node over an EVM node: `/wallet/*`, `/walletsolidity/*`, `/jsonrpc` and `/v1/contracts/…/events`, answering
 * in the fields, units, errors and oddities of java-tron 4.8.0. Heights, transactions and logs are the EVM node's, so the
 * helpers of `startAnvil` drive it. It holds no chain state of its own: several may stand over one chain and differ in what
 * they show, as honest nodes do.
 */
export async function startTronEmulator(options: TronEmulatorOptions) {
  const chainId = options.chainId ?? chainIds.tron;
  const limits = { ...defaultLimits, ...options.limits };
  const ledger = createLedger(options.anvil.url, chainId);
  const lag = { finalized: options.finalizedLag ?? 18, solid: options.solidLag ?? 20 };
  let halted: { finalized: number; solid: number } | null = null;

  /** Chains younger than the lag have block 0 as their last solid one. */
  const finalizedAt = (head: number) => Math.min(Math.max(0, head - lag.finalized), halted?.finalized ?? head);
  const solidAt = (head: number) => Math.min(Math.max(0, head - lag.solid), halted?.solid ?? head);
  const full: TronView = { head: ledger.head, finalized: async () => finalizedAt(await ledger.head()) };
  const solid: TronView = {
    head: async () => solidAt(await ledger.head()),
    // The solidity port counts from its own head again.
    finalized: async () => finalizedAt(solidAt(await ledger.head())),
  };
  const gate = options.tronGrid ? createGate(options.tronGrid) : () => null;

  async function answerWallet(request: IncomingMessage, url: URL, body: string): Promise<Answer> {
    const [, face, name = ""] = /^\/(wallet|walletsolidity)\/([a-z]+)$/.exec(url.pathname) ?? [];
    const handler = walletHandlers[name];
    const isRead = request.method === "GET" || request.method === "POST";
    if (!face || !handler || !isRead) return notSupported(request, url.pathname, unknownServlet);
    try {
      const asked = readWalletRequest(request.method === "GET", url, body);
      const visible = asked.fields.visible === true || asked.fields.visible === "true";
      const result = await handler(asked, { ledger, view: face === "wallet" ? full : solid, visible });
      return { status: 200, type: json, body: JSON.stringify(result) };
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      return { status: 200, type: json, body: JSON.stringify({ Error: error.message }) };
    }
  }

  async function answerRpc(request: IncomingMessage, url: URL, body: string, view: TronView): Promise<Answer> {
    if (request.method !== "POST") return notSupported(request, url.pathname, jsonRpcServlet);
    const text = await answerJsonRpc(body, { ledger, view, chainId, limits });
    return { status: 200, type: "application/json-rpc", body: text };
  }

  async function answerFull(request: IncomingMessage, url: URL, body: string): Promise<Answer> {
    const key = request.headers["tron-pro-api-key"];
    const refusal = gate(typeof key === "string" ? key : undefined);
    if (refusal) return { status: refusal.status, type: json, body: JSON.stringify(refusal.body) };
    if (url.pathname === "/jsonrpc") return answerRpc(request, url, body, full);
    const events = /^\/v1\/contracts\/([^/]+)\/events$/.exec(url.pathname);
    if (!events) return answerWallet(request, url, body);
    const isToken = evmAddress(events[1] ?? "") === evmAddress(options.anvil.token);
    const fingerprints = options.fingerprints ?? !isToken;
    const page = await contractEvents(events[1] ?? "", url.searchParams, {
      ...{ ledger, view: full, solid, fingerprints, url: servers.full.url },
    });
    return { status: page.success ? 200 : 400, type: json, body: JSON.stringify(page) };
  }

  const servers = {
    full: await serve(answerFull, options.port),
    solid: await serve((request, url, body) => answerRpc(request, url, body, solid)),
  };

  return {
    /** Base URL: `/jsonrpc`, `/wallet/…`, `/walletsolidity/…`, `/v1/…`. */
    url: servers.full.url,
    /** Base URL of the solidity port, which has a `/jsonrpc` of its own. */
    solidityUrl: servers.solid.url,
    chainId,
    /** Another distance of the two finalities from the head, from now on. */
    setLag(next: { finalized?: number; solid?: number }): void {
      Object.assign(lag, next);
    },
    /** Stops finality at the heights it has now, as when representatives stall; `resumeFinality` lets it go on. */
    async haltFinality(): Promise<void> {
      const head = await ledger.head();
      halted = { finalized: finalizedAt(head), solid: solidAt(head) };
    },
    resumeFinality(): void {
      halted = null;
    },
    /** Shows a transaction as one that ran out of time: `logs`, `noLogs`, or null for as it really went. */
    setOutOfTime: (hash: Hex, mode: OutOfTime | null) => ledger.setOutOfTime(hash, mode),
    async stop(): Promise<void> {
      await Promise.all([close(servers.full.server), close(servers.solid.server)]);
    },
  };
}

/**
 * Puts a transfer on the chain that ran out of time, and that these nodes show as such from the first moment: each with the
 * Transfer in its logs or without it. Gives what the EVM node says, for which it went well.
 */
export async function sendOutOfTime(
  anvil: Anvil,
  nodes: readonly { emulator: TronEmulator; mode: OutOfTime }[],
  { from, ...payout }: Payout & { from?: Hex },
): Promise<Sent> {
  const [sent] = await anvil.inOneBlock([{ ...tokenCalls.transfer(payout), from, to: anvil.token }], ([hash]) => {
    for (const { emulator, mode } of nodes) if (hash) emulator.setOutOfTime(hash, mode);
  });
  return sent as Sent;
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

type Answerer = (request: IncomingMessage, url: URL, body: string) => Promise<Answer>;

async function serve(answerer: Answerer, port = 0): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    respond(answerer, request, response).catch((error: unknown) => {
      // The EVM node behind is gone or refused what it never should: a broken node, not an answer.
      response.writeHead(500, { "content-type": htmlType }).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function respond(answerer: Answerer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", "http://node");
  const { status, type, body } = await answerer(request, url, Buffer.concat(chunks).toString());
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length }).end(bytes);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

function readWalletRequest(isGet: boolean, url: URL, body: string): WalletRequest {
  if (isGet) return { fields: Object.fromEntries(url.searchParams), text: "", fromQuery: true };
  try {
    const fields = body === "" ? {} : (JSON.parse(body) as Record<string, unknown>);
    return { fields, text: body, fromQuery: false };
  } catch {
    const place = `pos ${body.length}, line 1, column ${body.length + 1}`;
    throw new WalletError(`class com.alibaba.fastjson.JSONException : unterminated json string, ${place}${body}`);
  }
}

const unknownServlet = "org.eclipse.jetty.servlet.ServletHandler$Default404Servlet-2d839402";
const jsonRpcServlet = "org.tron.core.services.jsonrpc.JsonRpcServlet-7b2cd7ff";

/** The page of the web server for a method or path that java-tron does not serve. */
function notSupported(request: IncomingMessage, path: string, servlet: string): Answer {
  const message = `HTTP method ${request.method} is not supported by this URL`;
  const row = (name: string, value: string) => `<tr><th>${name}:</th><td>${value}</td></tr>\n`;
  const body = [
    `<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n`,
    `<title>Error 405 ${message}</title>\n</head>\n<body><h2>HTTP ERROR 405 ${message}</h2>\n<table>\n`,
    row("URI", path),
    row("STATUS", "405"),
    row("MESSAGE", message),
    row("SERVLET", servlet),
    `</table>\n<hr/><a href="https://eclipse.org/jetty">Powered by Jetty:// 9.4.53.v20231009</a><hr/>\n\n</body>\n</html>\n`,
  ].join("");
  return { status: 405, type: htmlType, body };
}
