/**
 * A plain reverse proxy, as a load balancer is: it asks every server for its health and hands requests round. It never tries a
 * request again, as many do not: what a server refuses or drops is an error that the client sees.
 */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const HEALTH_EVERY_MS = 250;

type Target = { url: URL; healthy: boolean; served: number };

export type Balancer = {
  url: string;
  port: number;
  /** How many requests each server has answered, by its URL. */
  served(): Record<string, number>;
  /** Waits until so many servers are in service. */
  waitForHealthy(count: number): Promise<void>;
  close(): Promise<void>;
};

export type BalancerOptions = {
  /** Answers a request in place of the servers: return true if it did. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Where health is asked for; null: every server counts as healthy. */
  healthPath?: string | null;
};

/** Starts it before `servers`, base URLs. */
export async function startBalancer(servers: string[], options: BalancerOptions = {}): Promise<Balancer> {
  const { intercept, healthPath = "/api/health" } = options;
  const agent = new Agent({ keepAlive: true });
  const targets: Target[] = servers.map((url) => ({ url: new URL(url), healthy: healthPath === null, served: 0 }));
  let turn = 0;

  const server = createServer(async (request, response) => {
    if (intercept?.(request, response)) return void request.resume();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const healthy = targets.filter((target) => target.healthy);
    const target = healthy[turn++ % Math.max(1, healthy.length)];
    if (target) forward(target, request, body, response);
    else response.writeHead(503).end();
  });

  function forward(target: Target, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const headers = {
      ...request.headers,
      connection: "keep-alive",
      "x-forwarded-host": request.headers.host,
      "x-forwarded-for": [request.headers["x-forwarded-for"], request.socket.remoteAddress].filter(Boolean).join(", "),
    };
    const { hostname: host, port } = target.url;
    const sent = sendRequest({ agent, host, port, method: request.method, path: request.url, headers }, (answer) => {
      target.served++;
      const { connection: _, "keep-alive": __, ...rest } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, rest);
      answer.pipe(response);
      answer.once("close", () => {
        if (!answer.complete) response.destroy();
      });
    });
    response.once("close", () => sent.destroy());
    sent.once("error", (error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(error.message);
    });
    sent.end(body);
  }

  const stop = new AbortController();
  async function watch(target: Target): Promise<void> {
    while (!stop.signal.aborted) {
      const answer = await fetch(new URL(healthPath ?? "", target.url), { signal: AbortSignal.timeout(5_000) }).catch(
        () => null,
      );
      target.healthy = answer?.ok === true;
      await answer?.body?.cancel();
      await sleep(HEALTH_EVERY_MS);
    }
  }
  const watching = healthPath === null ? [] : targets.map(watch);

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    served: () => Object.fromEntries(targets.map((target) => [target.url.origin, target.served])),
    async waitForHealthy(count) {
      for (const deadline = Date.now() + 60_000; targets.filter((target) => target.healthy).length < count; ) {
        if (Date.now() > deadline) throw new Error(`${count} servers never were healthy`);
        await sleep(50);
      }
    },
    async close() {
      stop.abort();
      await Promise.all(watching);
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      agent.destroy();
    },
  };
}
