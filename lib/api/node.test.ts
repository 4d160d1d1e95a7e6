import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse } from "./handle";
import { serveNode } from "./node";

/** The API on a real node:http server, with an answer made up by the test. */

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (request: ApiRequest) => Promise<ApiResponse>): Promise<number> {
  const handler = serveNode(answer);
  const made = createServer((request, response) => void handler(request, response));
  server = made;
  await new Promise<void>((done) => made.listen(0, "127.0.0.1", done));
  return (made.address() as AddressInfo).port;
}

type Answer = { status: number; headers: IncomingMessage["headers"]; bytes: Buffer };

function ask(port: number, options: object, chunks: readonly (string | Buffer)[] = []): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = httpRequest({ port, host: "127.0.0.1", path: "/api/v1/x", ...options }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        done({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) }),
      );
    });
    sent.once("error", fail);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

const text = (body: string): ApiResponse => ({ status: 200, headers: { "Content-Type": "application/json" }, body });

describe("the API on node:http", () => {
  it("brings method, address, headers and a body of many pieces, and takes back status, headers and body", async () => {
    const port = await serve(async (request) => {
      const body = Buffer.from((await request.read(100)) ?? "").toString();
      const seen = [request.method, new URL(request.url).pathname, new URL(request.url).search];
      return {
        ...text(JSON.stringify([...seen, request.headers.get("X-Test"), request.headers.get("none"), body])),
        status: 201,
      };
    });
    const options = { method: "POST", path: "/api/v1/a?b=1", headers: { "x-test": "t" } };
    const { status, headers, bytes } = await ask(port, options, ["zwei", "Stück", "e"]);
    expect(status).toBe(201);
    expect(JSON.parse(bytes.toString())).toEqual(["POST", "/api/v1/a", "?b=1", "t", null, "zweiStücke"]);
    expect(headers["content-length"]).toBe(String(bytes.length));
    expect([headers["x-content-type-options"], headers["referrer-policy"]]).toEqual([
      "nosniff",
      "strict-origin-when-cross-origin",
    ]);
  });

  it("gives null for a body above the limit, and the client, who is still sending, its answer", async () => {
    const port = await serve(async ({ read }) => text(String(await read(1_000))));
    const { bytes } = await ask(port, { method: "POST" }, Array(500).fill(Buffer.alloc(10_000)));
    expect(bytes.toString()).toBe("null");
  });

  it("gives a body of exactly the limit, and an empty one", async () => {
    const port = await serve(async ({ read }) => text(String((await read(1_000))?.byteLength)));
    expect((await ask(port, { method: "POST" }, [Buffer.alloc(1_000)])).bytes.toString()).toBe("1000");
    expect((await ask(port, { method: "POST" })).bytes.toString()).toBe("0");
  });

  it("ends a read whose client went away", async () => {
    let failed: (error: unknown) => void = () => {};
    const failure = new Promise((done) => {
      failed = done;
    });
    const port = await serve(async ({ read }) => {
      await read(1_000).catch(failed);
      return text("{}");
    });
    const sent = httpRequest({ port, host: "127.0.0.1", method: "POST", headers: { "content-length": "100" } });
    sent.on("error", () => {});
    sent.write("half", () => setTimeout(() => sent.destroy(), 20));
    expect(await failure).toMatchObject({ code: "malformed_json" });
  });

  it("compresses what is large for whoever takes it, and nothing else", async () => {
    const body = JSON.stringify({ long: "ä".repeat(5_000) });
    const port = await serve(async (request) => text(request.url.endsWith("long") ? body : "{}"));
    const get = (path: string, encoding?: string) =>
      ask(port, { path, headers: encoding ? { "accept-encoding": encoding } : {} });
    const zipped = await get("/long", "br, gzip;q=0.5");
    expect([zipped.headers["content-encoding"], zipped.headers.vary]).toEqual(["gzip", "Accept-Encoding"]);
    expect(zipped.bytes.length).toBeLessThan(500);
    expect(gunzipSync(zipped.bytes).toString()).toBe(body);
    for (const encoding of [undefined, "br", "gzip;q=0", "gzip;q=0.0, br"]) {
      const plain = await get("/long", encoding);
      expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, "Accept-Encoding"]);
      expect(plain.bytes.toString()).toBe(body);
    }
    expect((await get("/short", "gzip")).headers["content-encoding"]).toBeUndefined();
  });

  it("sends no body where there is none", async () => {
    const port = await serve(async ({ method }) => ({
      status: method === "HEAD" ? 200 : 204,
      headers: {},
      body: null,
    }));
    for (const method of ["HEAD", "OPTIONS"]) {
      const { headers, bytes } = await ask(port, { method });
      expect([bytes.length, headers["content-length"]]).toEqual([0, undefined]);
    }
  });
});
