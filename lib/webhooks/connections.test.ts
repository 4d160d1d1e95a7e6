import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type SendOptions, sendWebhook } from "./send";

/** Connections that are kept for the next webhook, to real servers on this machine. */

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** A server that counts its connections. */
async function counting(listener: RequestListener, make = (on: RequestListener): Server => createServer(on)) {
  const server = make(listener);
  const connections: Socket[] = [];
  server.on("connection", (socket: Socket) => {
    connections.push(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, connections, server };
}

const ok: RequestListener = (request, response) => {
  request.resume().on("end", () => response.end("ok"));
};
let owners = 0;
const newOwner = () => `merchant-${++owners}`;
const send = (url: string, owner: string | undefined, options: Partial<SendOptions> = {}) =>
  sendWebhook({ url, body: "{}", headers: {}, allowCidrs: ["127.0.0.0/8"], timeoutMs: 5_000, owner, ...options });

describe("a connection", () => {
  it("carries the next webhook of the same merchant to the same origin, and nobody else's", async () => {
    const { url, connections } = await counting(ok);
    const owner = newOwner();
    for (let i = 0; i < 5; i++)
      expect(await send(`${url}/${i}`, owner)).toMatchObject({ ok: true, responseBody: "ok" });
    expect(connections).toHaveLength(1);
    await send(url, newOwner());
    expect(connections).toHaveLength(2);
    await send(url.replace("127.0.0.1", "localhost"), owner, { allowCidrs: ["127.0.0.0/8", "::1/128"] });
    expect(connections).toHaveLength(3);
    await send(url, undefined);
    expect(connections).toHaveLength(4);
  });

  it("is checked before every request: an address that is not open any more gets nothing", async () => {
    let requests = 0;
    const { url, connections } = await counting((request, response) => {
      requests++;
      ok(request, response);
    });
    const named = url.replace("127.0.0.1", "shop.example");
    const resolver = async () => [{ address: "127.0.0.1", family: 4 }];
    const owner = newOwner();
    await send(named, owner, { resolver });
    expect(await send(named, owner, { resolver })).toMatchObject({ ok: true });
    expect(connections).toHaveLength(1);
    const outcome = await send(named, owner, { resolver, allowCidrs: [] });
    expect(outcome.error).toMatch(/^blocked: /);
    expect(requests).toBe(2);
  });

  it("that the receiver closed meanwhile costs no attempt", async () => {
    const { url, connections } = await counting(ok);
    const owner = newOwner();
    await send(url, owner);
    connections[0]?.destroy();
    expect(await send(url, owner)).toMatchObject({ ok: true });
    expect(connections).toHaveLength(2);
  });

  it("that the receiver closes as it gets the request is replaced once; a new one that breaks is a failure", async () => {
    let requests = 0;
    const { url, connections } = await counting((request, response) => {
      requests++;
      if (requests === 1) ok(request, response);
      else request.socket.destroy();
    });
    const owner = newOwner();
    await send(url, owner);
    expect(await send(url, owner)).toMatchObject({ ok: false, error: expect.stringMatching(/^reset:/) });
    expect(requests).toBe(3);
    expect(connections).toHaveLength(2);
  });

  it("is not kept where the receiver says so, or where its answer was not read to the end", async () => {
    const closing = await counting((request, response) => {
      response.setHeader("Connection", "close");
      ok(request, response);
    });
    const endless = await counting((request, response) => {
      request.resume();
      response.write("x".repeat(100_000));
    });
    const owner = newOwner();
    for (const { url, connections } of [closing, endless]) {
      expect(await send(url, owner)).toMatchObject({ ok: true });
      expect(await send(url, owner)).toMatchObject({ ok: true });
      expect(connections).toHaveLength(2);
    }
  });

  it("is closed when nothing used it for four seconds", async () => {
    const { url, connections, server } = await counting(ok);
    server.keepAliveTimeout = 60_000;
    await send(url, newOwner());
    const closed = new Promise((done) => connections[0]?.once("close", done));
    const begun = Date.now();
    await closed;
    expect(Date.now() - begun).toBeLessThan(8_000);
  }, 15_000);

  it("over TLS is kept too, and its certificate is verified when it is made", async () => {
    // No key that anybody trusts: the handshake must fail each time.
    const { url, connections } = await counting(ok, (on) => createHttpsServer({}, on) as unknown as Server);
    const secure = url.replace("http:", "https:");
    const owner = newOwner();
    for (let i = 0; i < 2; i++) expect((await send(secure, owner)).error).toMatch(/^tls: /);
    expect(connections).toHaveLength(2);
  });
});
