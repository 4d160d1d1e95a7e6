/** A webhook receiver on a real socket, for tests and the demo: it remembers what came and misbehaves as it is told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it arrived. */
export interface ReceivedRequest {
  /** The `X-Webhook-Id` it carried, the same on every retry of a delivery; "" without one. */
  id: string;
  method: string;
  /** Path and query. */
  path: string;
  /** Names in lower case. */
  headers: IncomingHttpHeaders;
  /** The raw body, read as UTF-8. */
  body: string;
  /** When the body was complete, in milliseconds since 1970. */
  receivedAtMs: number;
}

/** What to do with a request, once its body was read. Fields combine; none of them is a 200 at once. */
export interface Behaviour {
  /** Default 200, or 302 with `redirectTo`. */
  status?: number;
  headers?: Record<string, string>;
  /** Default "ok". */
  body?: string;
  /** Wait before the answer begins. */
  delayMs?: number;
  /** Never answer. */
  hang?: boolean;
  /** Send the status at once and then a byte every so many milliseconds, for ever. */
  dripEveryMs?: number;
  /** Close the connection without an answer. */
  closeSocket?: boolean;
  /** Answer with this Location. */
  redirectTo?: string;
  /** Answer with so many bytes. */
  bodyBytes?: number;
  /** The Retry-After field: seconds or an HTTP date. */
  retryAfter?: number | string;
}

/** Picks a behaviour for each request. */
export type BehaviourChoice = Behaviour | ((request: ReceivedRequest) => Behaviour);

/** A running receiver. */
export interface Receiver {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  url: string;
  /** Everything that arrived, oldest first; the array grows in place. */
  requests: ReceivedRequest[];
  /**
   * What to do from now on: with one path (without its query), or with every path that has no behaviour of its own.
   */
  behave(choice: BehaviourChoice, path?: string): void;
  /**
   * The first request, come or still to come, for which the predicate holds; it is also given all that came so far.
   * Rejects after `timeoutMs` with what did come.
   */
  waitFor(
    predicate: (request: ReceivedRequest, all: readonly ReceivedRequest[]) => boolean,
    timeoutMs?: number,
  ): Promise<ReceivedRequest>;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/**
 * Starts a receiver on 127.0.0.1.
 *
 * @param options.port Any free one if left out.
 */
export async function startReceiver(options: { port?: number } = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const watchers = new Set<() => void>();
  const timers = new Set<NodeJS.Timeout>();
  const byPath = new Map<string, BehaviourChoice>();
  let everywhere: BehaviourChoice = {};

  const server = createServer((req, res) => {
    // A sender that goes away in the middle of a request or an answer is nothing to fall over.
    req.on("error", () => {});
    res.on("error", () => {});
    void readRequest(req).then((received) => {
      if (received === null) return;
      requests.push(received);
      for (const check of [...watchers]) check();
      const choice = byPath.get(received.path.replace(/\?.*$/, "")) ?? everywhere;
      answer(req, res, typeof choice === "function" ? choice(received) : choice, timers);
    });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    behave(choice, path) {
      if (path === undefined) everywhere = choice;
      else byPath.set(path, choice);
    },
    waitFor(predicate, timeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          clearTimeout(timer);
          watchers.delete(check);
          settle();
        };
        const check = () => {
          try {
            const found = requests.find((request) => predicate(request, requests));
            if (found !== undefined) done(() => resolve(found));
          } catch (error) {
            done(() => reject(error));
          }
        };
        const timer = setTimeout(() => {
          const came = requests.map(({ method, path, body }) => `\n  ${method} ${path} ${body.slice(0, 200)}`).join("");
          done(() => reject(new Error(`No such webhook within ${timeoutMs} ms; ${requests.length} came:${came}`)));
        }, timeoutMs);
        watchers.add(check);
        check();
      });
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Null when the sender went away before the end of its body. */
async function readRequest(req: IncomingMessage): Promise<ReceivedRequest | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return {
    id: String(req.headers["x-webhook-id"] ?? ""),
    method: req.method ?? "",
    path: req.url ?? "",
    headers: req.headers,
    body: Buffer.concat(chunks).toString("utf8"),
    receivedAtMs: Date.now(),
  };
}

function answer(req: IncomingMessage, res: ServerResponse, behaviour: Behaviour, timers: Set<NodeJS.Timeout>): void {
  const begin = () => {
    if (behaviour.closeSocket) return void req.socket.destroy();
    if (behaviour.hang) return;
    res.statusCode = behaviour.status ?? (behaviour.redirectTo === undefined ? 200 : 302);
    if (behaviour.redirectTo !== undefined) res.setHeader("Location", behaviour.redirectTo);
    if (behaviour.retryAfter !== undefined) res.setHeader("Retry-After", String(behaviour.retryAfter));
    for (const [name, value] of Object.entries(behaviour.headers ?? {})) res.setHeader(name, value);
    if (behaviour.dripEveryMs !== undefined) {
      res.flushHeaders();
      const drip = setInterval(() => res.write("."), behaviour.dripEveryMs);
      timers.add(drip);
      res.on("close", () => clearInterval(drip));
    } else {
      res.end(behaviour.bodyBytes === undefined ? (behaviour.body ?? "ok") : Buffer.alloc(behaviour.bodyBytes, "x"));
    }
  };
  if (behaviour.delayMs === undefined) begin();
  else timers.add(setTimeout(begin, behaviour.delayMs));
}
