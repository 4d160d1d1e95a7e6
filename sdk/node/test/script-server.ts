/** An HTTP server that does what a script says, one step a request, and remembers what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { UsdtGateway, type UsdtGatewayOptions } from "../src/index";

/** What to do with a request. */
export type Step =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  /** Closes the connection without an answer. */
  | "reset"
  /** Never answers. */
  | "hang"
  /** Sends the head and half of the body, then closes the connection. */
  | "cut"
  /** Sends the head and half of the body, then nothing. */
  | "stall";

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  atMs: number;
}

export const TEST_KEY = "test_abcdefghijklmnopqrstuvwxyz0123456789ABCD";

/** An invoice as the API shows it. */
export const invoice = (fields: Record<string, unknown> = {}) => ({
  id: "550e8400-e29b-41d4-a716-446655440000",
  reference: "ORDER-12345",
  assetCode: "USDT_TRC20",
  payoutAddress: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
  amountUsdtExact: "150.0000",
  status: "pending",
  expiresAt: "2024-01-15T15:00:00Z",
  network: "tron",
  ...fields,
});

/** An error in the API's form. */
export const failure = (statusCode: number, code: string, more: Record<string, unknown> = {}, headers = {}): Step => ({
  status: statusCode,
  headers: { "Content-Type": "application/json", "X-Request-Id": "request-1", ...headers },
  body: { statusCode, message: `What ${code} says`, error: "Status Text", code, requestId: "request-1", ...more },
});

/** Starts a server for the present test. The last step of the script goes on for ever. */
export async function startScript(...steps: Step[]) {
  const requests: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = "", url: path = "", headers } = request;
    requests.push({ method, path, headers, body: Buffer.concat(chunks).toString(), atMs: performance.now() });
    const step = steps[Math.min(requests.length, steps.length) - 1] ?? {};
    if (step === "hang") return;
    if (step === "reset") return void request.socket.destroy();
    if (step === "cut" || step === "stall") {
      response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
      response.write('{"id":');
      if (step === "cut") setTimeout(() => request.socket.destroy(), 20);
      return;
    }
    const { status = 200, headers: answerHeaders = {}, body = invoice() } = step;
    response.writeHead(status, answerHeaders);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = (options: Partial<UsdtGatewayOptions> = {}) => new UsdtGateway(TEST_KEY, { baseUrl: url, ...options });
  return { url, requests, client, close };
}

/** What a promise rejects with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error("it did not reject"),
    (reason: unknown) => reason,
  );
  return error as Error;
}
