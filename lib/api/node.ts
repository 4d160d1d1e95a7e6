import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { AppError } from "@/lib/errors";
import { ANSWER_HEADERS } from "@/lib/security-headers";
import type { Api, ApiRequest } from "./handle";

/**
 * The API behind a node:http server, without the streams that a framework puts in between: they cost more than creating an
 * invoice does.
 */

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Smaller answers fit into a packet anyhow. */
const GZIP_FROM_BYTES = 1_400;
const zip = promisify(gzip);

export function serveNode(api: Api): NodeHandler {
  return async (request, response) => {
    const answer = await api(toApiRequest(request));
    const headers: Record<string, string | number> = {
      ...ANSWER_HEADERS,
      ...answer.headers,
    };
    let body: string | Buffer = answer.body ?? "";
    if (body.length >= GZIP_FROM_BYTES) {
      headers.Vary = "Accept-Encoding";
      if (takesGzip(request)) {
        body = await zip(body);
        headers["Content-Encoding"] = "gzip";
      }
    }
    if (answer.body !== null) headers["Content-Length"] = Buffer.byteLength(body);
    response.writeHead(answer.status, headers).end(body);
  };
}

function toApiRequest(request: IncomingMessage): ApiRequest {
  return {
    method: request.method ?? "GET",
    url: `http://localhost${request.url}`,
    headers: {
      get: (name) => {
        const value = request.headers[name.toLowerCase()];
        return value === undefined ? null : String(value);
      },
    },
    read: (limit) => read(request, limit),
  };
}

/** Of a body beyond the limit the rest is thrown away as it comes, so that the client can read the answer. */
function read(request: IncomingMessage, limit: number): Promise<Uint8Array | null> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= limit) return void chunks.push(chunk);
      request.removeAllListeners("data").resume();
      done(null);
    });
    request.once("end", () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // Nobody will read what is said to this.
    const ended = () => fail(new AppError("malformed_json", "The body ended before it was whole"));
    request.once("error", ended);
    request.once("close", () => request.complete || ended());
  });
}

const takesGzip = (request: IncomingMessage): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(request.headers["accept-encoding"] ?? ""));
