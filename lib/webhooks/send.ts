/** One HTTP try of a webhook. */
import { type ClientRequest, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { agentFor, type ConnectionRequest, type Phase, tcpOf } from "./connections";
import { assertConnectedAddress, BLOCKED_CODE, checkTargetUrl, hostOf, type Resolver } from "./guard";

/** What is sent, and within which limits. */
export interface SendOptions {
  url: string;
  /** Sent as these very bytes in UTF-8. */
  body: string;
  /** Beside `content-type: application/json` (which they may replace) and the fields of the connection (which they may not). */
  headers: Readonly<Record<string, string>>;
  /** Ranges open although they are not public: `WEBHOOK_ALLOW_CIDRS`. */
  allowCidrs: readonly string[];
  /** For the whole exchange: DNS, connection, TLS, headers and body. */
  timeoutMs?: number;
  /** After this much of the answer's body the connection is closed; the status still counts. */
  maxResponseBytes?: number;
  /** Where addresses come from; the system's resolver if left out. */
  resolver?: Resolver;
  /** PEM of the authorities to trust instead of node's own list; for receivers with a private one. */
  ca?: string;
  /** Whose connections may be used: one that the same owner opened to the same origin a moment ago. Left out: a new one. */
  owner?: string;
}

/** What came of an attempt. Every string fits a PostgreSQL text column. */
export interface SendOutcome {
  /** A 2xx arrived in time. */
  ok: boolean;
  /** Null when no status line arrived. */
  statusCode: number | null;
  /** The first 2048 bytes of the answer as UTF-8, "" when it was empty, null when there was no answer. */
  responseBody: string | null;
  latencyMs: number;
  /**
   * Null when `ok`; else a stable word, a colon and an explanation for people. The words: `blocked`, `dns`, `refused`,
   * `unreachable`, `tls`, `reset`, `timeout`, `protocol` (the answer is not HTTP), `redirect`, `http` (any other status
   * than 2xx) and `internal`.
   */
  error: string | null;
  /** The Retry-After field as it was sent. */
  retryAfter: string | null;
}

const USER_AGENT = "usdt-gateway-webhook/1";

/** How much of an answer is kept, in bytes. */
const KEPT_RESPONSE_BYTES = 2048;

/** Fields of the connection, which are ours to write. */
const OWN_HEADERS = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "transfer-encoding",
  "user-agent",
]);

/**
 * Sends one webhook by POST and reports what happened. It never throws and always ends within `timeoutMs`. Redirects are
 * not followed, informational (1xx) answers are ignored, and once a status line arrived it alone decides: a 2xx whose body
 * is too long, too slow or cut off is still a 2xx.
 */
export function sendWebhook(options: SendOptions): Promise<SendOutcome> {
  const { body, headers, allowCidrs, timeoutMs = 30_000, maxResponseBytes = 65_536, resolver, ca, owner } = options;
  const startedAt = performance.now();

  return new Promise((settle) => {
    let phase: Phase = "connect";
    let socket: Socket | undefined;
    let current: ClientRequest | undefined;
    let response: IncomingMessage | undefined;
    let settled = false;
    const kept: Buffer[] = [];
    let receivedBytes = 0;

    /**
     * Ends the attempt; `failure` is used only if no status line arrived. Calls after the first do nothing.
     * @param whole the answer was read to its end: the connection may serve again.
     */
    const finish = (failure: string, whole = false) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (!whole) {
        current?.destroy();
        socket?.destroy();
      }
      const statusCode = response?.statusCode ?? null;
      const ok = statusCode !== null && statusCode >= 200 && statusCode < 300;
      settle({
        ok,
        statusCode,
        responseBody: response === undefined ? null : storableText(Buffer.concat(kept)),
        latencyMs: Math.round(performance.now() - startedAt),
        error: ok ? null : printable(statusCode === null ? failure : statusError(statusCode)),
        retryAfter: response?.headers["retry-after"]?.slice(0, 100) ?? null,
      });
    };
    const fail = (error: unknown) => finish(describeError(error, phase));
    const timer = setTimeout(() => finish(`timeout: no answer within ${timeoutMs / 1000} s`), timeoutMs);

    const target = checkTargetUrl(options.url, allowCidrs);
    if (!target.ok) return finish(`blocked: ${target.reason}`);
    const { url } = target;
    const isSecure = url.protocol === "https:";
    const bytes = Buffer.from(body, "utf8");

    const exchange = (fresh: boolean) => {
      try {
        begin(fresh);
      } catch (error) {
        fail(error);
      }
    };
    const begin = (fresh: boolean) => {
      const connection: ConnectionRequest = {
        isSecure,
        allowCidrs,
        resolver,
        ca,
        owner: owner ?? null,
        fresh,
        onPhase: (entered) => {
          phase = entered;
        },
        onSocket: (opened) => {
          socket = opened;
          if (settled) opened.destroy();
        },
      };
      const args: ClientRequestArgs & { connection: ConnectionRequest } = {
        agent: agentFor(connection),
        connection,
        host: hostOf(url),
        port: Number(url.port || (isSecure ? 443 : 80)),
        method: "POST",
        path: url.pathname + url.search,
        setHost: false,
        headers: requestHeaders(headers, url.host, bytes.length),
      };
      const req = request(args);
      current = req;
      let bytesBefore = 0;
      let tcp: Socket | undefined;
      const broke = (error: unknown) => {
        // The receiver had closed a connection that was kept, before it saw this request: that is no attempt yet.
        const unanswered = response === undefined && (tcp?.bytesRead ?? 0) === bytesBefore;
        if (settled || !req.reusedSocket || !unanswered) return fail(error);
        req.removeAllListeners().on("error", () => {});
        phase = "connect";
        exchange(true);
      };
      req.on("error", broke);
      req.on("close", () => finish(RESET));
      req.on("socket", (assigned) => {
        socket = assigned;
        tcp = tcpOf(assigned);
        bytesBefore = tcp.bytesRead;
        phase = "http";
        if (settled) return void assigned.destroy();
        try {
          // Whatever connection it is: not a byte is sent to an address that is not open now.
          assertConnectedAddress(tcp.remoteAddress, allowCidrs);
        } catch (error) {
          return fail(error);
        }
        req.end(bytes);
      });
      req.on("information", () => {
        // Informational answers are outside node's limit on headers, and there may be any number of them.
        if ((tcp?.bytesRead ?? 0) - bytesBefore > maxResponseBytes)
          finish("protocol: too much was sent before the answer");
      });
      req.on("upgrade", (answer) => {
        response = answer;
        finish(RESET);
      });
      req.on("response", (answer) => {
        response = answer;
        answer.on("data", (chunk: Buffer) => {
          if (receivedBytes < KEPT_RESPONSE_BYTES) kept.push(chunk.subarray(0, KEPT_RESPONSE_BYTES - receivedBytes));
          receivedBytes += chunk.length;
          // The second bound is for a body in many tiny chunks, whose framing outweighs it.
          const framed = (tcp?.bytesRead ?? 0) - bytesBefore;
          if (receivedBytes >= maxResponseBytes || framed >= 8 * maxResponseBytes) finish(RESET);
        });
        answer.on("error", fail);
        answer.on("end", () => finish(RESET, answer.complete));
      });
    };
    exchange(false);
  });
}

const RESET = "reset: the connection was closed before an answer";

function requestHeaders(given: Readonly<Record<string, string>>, host: string, contentLength: number) {
  const kept = Object.entries(given).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
  const hasType = kept.some(([name]) => name.toLowerCase() === "content-type");
  return {
    host,
    ...(hasType ? {} : { "content-type": "application/json" }),
    ...Object.fromEntries(kept),
    "content-length": String(contentLength),
    "accept-encoding": "identity",
    "user-agent": USER_AGENT,
  };
}

function statusError(statusCode: number): string {
  return statusCode >= 300 && statusCode < 400
    ? `redirect: ${statusCode} is not followed`
    : `http: answered with ${statusCode}`;
}

function describeError(error: unknown, phase: Phase): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === BLOCKED_CODE) return `blocked: ${message}`;
  if (syscallOf(error) === "getaddrinfo" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return code === "ENOTFOUND" ? "dns: the name does not exist" : `dns: the name could not be resolved (${code})`;
  }
  if (phase === "tls") {
    return code === "ECONNRESET"
      ? "tls: the connection was closed during the handshake"
      : `tls: ${opensslReason(error) ?? message}${code === "" ? "" : ` (${code})`}`;
  }
  // An end in the middle of the header is node's HPE_INVALID_EOF_STATE, but to a person the connection was closed.
  if (code === "HPE_INVALID_EOF_STATE") return RESET;
  if (code.startsWith("HPE_")) return `protocol: the answer is not valid HTTP (${code})`;
  if (code === "ECONNREFUSED") return "refused: nothing accepts connections there";
  if (code === "ETIMEDOUT") return "timeout: the connection could not be made";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "EADDRNOTAVAIL") {
    return `unreachable: there is no way to this address (${code})`;
  }
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") return RESET;
  return `internal: ${message}${code === "" ? "" : ` (${code})`}`;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Where several addresses were tried, each has its error; the last is as good as any.
  const nested = error instanceof AggregateError ? codeOf(error.errors.at(-1)) : "";
  return "code" in error && typeof error.code === "string" ? error.code : nested;
}

function syscallOf(error: unknown): string {
  return error instanceof Error && "syscall" in error && typeof error.syscall === "string" ? error.syscall : "";
}

/** OpenSSL's own words ("wrong version number"), where node's message wraps them in file names and line numbers. */
function opensslReason(error: unknown): string | null {
  const hasReason = error instanceof Error && /^(EPROTO|ERR_SSL_)/.test(codeOf(error)) && "reason" in error;
  return hasReason && typeof error.reason === "string" ? error.reason : null;
}

/** One line of printable characters, at most 200 of them. Cut first: half a character is none, and PostgreSQL would refuse it. */
function printable(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[\p{Cc}\p{Cs}]+/gu, " ")
    .trim();
}

/** Bytes of any kind as at most 2048 bytes of UTF-8 that PostgreSQL takes: no NUL, no half character at the end. */
function storableText(bytes: Buffer): string {
  // `stream` leaves a character that is cut in two at the end unread; one that is wrong becomes U+FFFD, which is longer.
  const text = new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "");
  return new TextDecoder().decode(Buffer.from(text, "utf8").subarray(0, KEPT_RESPONSE_BYTES), { stream: true });
}
