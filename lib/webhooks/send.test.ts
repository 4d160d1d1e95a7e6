/** Every test here talks to a real server on a real socket of this machine. */
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import type { Resolver } from "./guard";
import { type SendOptions, sendWebhook } from "./send";

const LOOPBACK = ["127.0.0.0/8"];

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  cleanups.push(() => started.close());
  return started;
}

/** Listens on a free port and is closed, connections included, after the test. */
async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

/** A server that treats each connection as it is told, without HTTP in between. */
async function tcp(onConnection: (socket: Socket) => void, host?: string): Promise<number> {
  return listen(createTcpServer(onConnection), host);
}

/** Calls back once, with all of the request, when its header and a body of `length` bytes are there. */
function onRequest(socket: Socket, handle: (raw: string) => void): void {
  let raw = "";
  let isHandled = false;
  socket.on("data", (chunk) => {
    raw += chunk.toString("latin1");
    const [head, rest] = raw.split("\r\n\r\n", 2);
    const length = Number(/content-length: (\d+)/i.exec(head ?? "")?.[1]);
    if (isHandled || rest === undefined || rest.length < length) return;
    isHandled = true;
    handle(raw);
  });
}

function send(url: string, options: Partial<SendOptions> = {}) {
  return sendWebhook({ url, body: '{"a":1}', headers: {}, allowCidrs: LOOPBACK, timeoutMs: 5_000, ...options });
}

function resolvingTo(...addresses: string[]): Resolver {
  return async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
}

describe("what is sent", () => {
  it("is the body's bytes by POST, with its length in bytes and our fields", async () => {
    const shop = await receiver();
    const body = '{"note":"žluťoučký 🐴"}';
    const outcome = await send(`${shop.url}/hooks/usdt?shop=1#fragment`, {
      body,
      headers: { "X-Webhook-Id": "d-1", "X-Invoice-Reference": "ORDER-1" },
    });
    expect(outcome).toEqual({
      ok: true,
      statusCode: 200,
      responseBody: "ok",
      latencyMs: expect.any(Number),
      error: null,
      retryAfter: null,
    });
    expect(shop.requests).toHaveLength(1);
    expect(shop.requests[0]).toMatchObject({ id: "d-1", method: "POST", path: "/hooks/usdt?shop=1", body });
    expect(shop.requests[0]?.headers).toEqual({
      host: new URL(shop.url).host,
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "accept-encoding": "identity",
      "user-agent": "usdt-gateway-webhook/1",
      connection: "close",
      "x-webhook-id": "d-1",
      "x-invoice-reference": "ORDER-1",
    });
  });

  it("cannot have its framing, host or agent replaced by the headers given", async () => {
    const shop = await receiver();
    const headers = {
      Host: "evil.test",
      "Content-Length": "1",
      "Transfer-Encoding": "chunked",
      "User-Agent": "x",
      Expect: "100-continue",
      "Content-Type": "application/json; charset=utf-8",
    };
    expect((await send(shop.url, { headers })).ok).toBe(true);
    expect(shop.requests[0]?.body).toBe('{"a":1}');
    expect(shop.requests[0]?.headers).toMatchObject({
      host: new URL(shop.url).host,
      "content-length": "7",
      "user-agent": "usdt-gateway-webhook/1",
      "content-type": "application/json; charset=utf-8",
    });
    expect(shop.requests[0]?.headers).not.toHaveProperty("transfer-encoding");
  });

  it("opens a connection of its own for every attempt", async () => {
    let connections = 0;
    const port = await tcp((socket) => {
      connections++;
      onRequest(socket, () => socket.write("HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"));
    });
    for (const _ of [1, 2, 3]) expect((await send(`http://127.0.0.1:${port}/`)).statusCode).toBe(204);
    expect(connections).toBe(3);
  });

  it("ends as an internal error, not as an exception, when a header cannot be sent", async () => {
    const shop = await receiver();
    const outcome = await send(shop.url, { headers: { "X-Bad": "a\r\nX-Injected: 1" } });
    expect(outcome).toMatchObject({ ok: false, statusCode: null, error: expect.stringMatching(/^internal: /) });
    expect(shop.requests).toHaveLength(0);
  });
});

describe("how an answer is judged", () => {
  it.each([200, 201, 202, 204, 299])("%i is delivered", async (status) => {
    const shop = await receiver();
    shop.behave({ status });
    expect(await send(shop.url)).toMatchObject({ ok: true, statusCode: status, error: null });
  });

  it.each([400, 404, 410, 429, 500, 503])("%i is a failure that keeps the answer", async (status) => {
    const shop = await receiver();
    shop.behave({ status, body: "no" });
    expect(await send(shop.url)).toMatchObject({
      ok: false,
      statusCode: status,
      responseBody: "no",
      error: `http: answered with ${status}`,
    });
  });

  it.each([301, 302, 303, 307, 308])("%i is a failure and is not followed", async (status) => {
    const shop = await receiver();
    shop.behave({ status, redirectTo: "/elsewhere" }, "/hook");
    expect(await send(`${shop.url}/hook`)).toMatchObject({
      ok: false,
      statusCode: status,
      error: `redirect: ${status} is not followed`,
    });
    expect(shop.requests.map(({ path }) => path)).toEqual(["/hook"]);
  });

  it.each([120, "Mon, 15 Jan 2024 14:40:00 GMT"])("hands on Retry-After as it was sent: %s", async (retryAfter) => {
    const shop = await receiver();
    shop.behave({ status: 503, retryAfter });
    expect((await send(shop.url)).retryAfter).toBe(String(retryAfter));
  });

  it("ignores informational answers", async () => {
    const port = await tcp((socket) =>
      onRequest(socket, () => {
        socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
        socket.end("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi");
      }),
    );
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: true, statusCode: 201, responseBody: "hi" });
  });

  it("does not take 101 for a delivery", async () => {
    const port = await tcp((socket) =>
      onRequest(socket, () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      }),
    );
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: false, statusCode: 101 });
  });

  it("ends an endless row of informational answers long before the timeout", async () => {
    const port = await tcp((socket) => {
      const flood = () => {
        while (socket.writable && socket.write(`HTTP/1.1 103 Early Hints\r\nX: ${"x".repeat(1000)}\r\n\r\n`));
      };
      socket.on("drain", flood);
      onRequest(socket, flood);
    });
    const outcome = await send(`http://127.0.0.1:${port}/`);
    expect(outcome).toMatchObject({ ok: false, statusCode: null, error: expect.stringMatching(/^protocol: /) });
    expect(outcome.latencyMs).toBeLessThan(2_500);
  });

  it.each(["at once", "after the first byte of the request"])(
    "judges by its status a server that answers and closes %s, before it read the body",
    async (when) => {
      const port = await tcp((socket) => {
        const answer = () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", () => socket.destroy());
        if (when === "at once") answer();
        else socket.once("data", answer);
      });
      for (let round = 0; round < 20; round++) {
        const outcome = await send(`http://127.0.0.1:${port}/`, { body: JSON.stringify("x".repeat(40_000)) });
        expect(outcome).toMatchObject({ ok: true, statusCode: 200 });
      }
    },
  );

  it("takes a 2xx that is cut off in its body for a 2xx", async () => {
    const port = await tcp((socket) =>
      onRequest(socket, () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
    );
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: true, statusCode: 200, responseBody: "half" });
  });
});

describe("what is kept of an answer", () => {
  it("is its first 2048 bytes", async () => {
    const shop = await receiver();
    shop.behave({ bodyBytes: 5_000 });
    expect((await send(shop.url)).responseBody).toBe("x".repeat(2048));
  });

  it.each([
    ["a NUL", Buffer.from("a\0b"), "ab"],
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff, 0x62]), "a\ufffdb"],
    ["a lone surrogate in CESU-8", Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), "a\ufffd\ufffd\ufffdb"],
    ["a character cut at the limit", Buffer.from(`${"x".repeat(2046)}🐴`), "x".repeat(2046)],
    ["nothing", Buffer.from(""), ""],
  ])("fits a PostgreSQL text column: %s", async (_what, bytes, expected) => {
    const port = await tcp((socket) =>
      onRequest(socket, () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
        socket.end(bytes);
      }),
    );
    const { responseBody } = await send(`http://127.0.0.1:${port}/`);
    expect(responseBody).toBe(expected);
  });

  it("is at most 2048 bytes even where wrong bytes grow as they are replaced", async () => {
    const port = await tcp((socket) =>
      onRequest(socket, () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
        socket.end(Buffer.alloc(4000, 0xff));
      }),
    );
    const { responseBody } = await send(`http://127.0.0.1:${port}/`);
    expect(responseBody).toBe("\ufffd".repeat(682));
  });

  it("is not decompressed", async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const port = await tcp((socket) =>
      onRequest(socket, () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
        socket.end(bomb);
      }),
    );
    const outcome = await send(`http://127.0.0.1:${port}/`);
    expect(outcome.ok).toBe(true);
    expect(outcome.responseBody).toContain("\ufffd");
  });
});

describe("limits", () => {
  it.each(["Content-Length: 1000000000", "Transfer-Encoding: chunked", "X-Until: close"])(
    "reads about 64 KB of an endless answer (%s), closes, and still takes its 2xx",
    async (framing) => {
      let sentBytes = 0;
      let wasClosed: () => void = () => {};
      const closed = new Promise<void>((done) => {
        wasClosed = done;
      });
      const port = await tcp((socket) => {
        const chunk = framing.includes("chunked") ? `2000\r\n${"x".repeat(8192)}\r\n` : "x".repeat(8192);
        const pour = () => {
          while (socket.writable && socket.write(chunk)) sentBytes += chunk.length;
        };
        socket.on("close", wasClosed);
        socket.on("drain", pour);
        onRequest(socket, () => {
          socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
          pour();
        });
      });
      const outcome = await send(`http://127.0.0.1:${port}/`);
      expect(outcome).toMatchObject({ ok: true, statusCode: 200, responseBody: "x".repeat(2048) });
      expect(outcome.latencyMs).toBeLessThan(2_500);
      await closed;
      // What the kernel's buffers of both sides took in is not known exactly; an answer read to its end has no bound.
      expect(sentBytes).toBeLessThan(50_000_000);
    },
  );

  it.each([
    ["never answers", (socket: Socket) => void socket.resume()],
    ["drips its header", (socket: Socket) => drip(socket, "HTTP/1.1 200 OK\r\nX-Slow: ", ".")],
    ["drips informational answers", (socket: Socket) => drip(socket, "", "HTTP/1.1 102 Processing\r\n\r\n")],
  ])("ends with a timeout, in time, against a server that %s", async (_what, onConnection) => {
    const port = await tcp(onConnection);
    const outcome = await send(`http://127.0.0.1:${port}/`, { timeoutMs: 300 });
    expect(outcome).toMatchObject({ ok: false, statusCode: null, error: "timeout: no answer within 0.3 s" });
    expect(outcome.responseBody).toBeNull();
    expect(outcome.latencyMs).toBeGreaterThanOrEqual(295);
    expect(outcome.latencyMs).toBeLessThan(900);
  });

  it.each([
    [200, true, null],
    [500, false, "http: answered with 500"],
  ])(
    "does not wait for a dripping body beyond the timeout, and judges it by its status: %i",
    async (status, ok, error) => {
      const shop = await receiver();
      shop.behave({ status, dripEveryMs: 20 });
      const outcome = await send(shop.url, { timeoutMs: 300 });
      expect(outcome).toMatchObject({ ok, statusCode: status, error, responseBody: expect.stringMatching(/^\.+$/) });
      expect(outcome.latencyMs).toBeLessThan(900);
    },
  );

  it("counts DNS into the timeout, and does not connect when the answer comes after it", async () => {
    let connections = 0;
    const port = await tcp(() => connections++);
    let answerLate: () => void = () => {};
    const outcome = await send(`http://shop.test:${port}/`, {
      timeoutMs: 100,
      resolver: () =>
        new Promise((done) => {
          answerLate = () => done([{ address: "127.0.0.1", family: 4 }]);
        }),
    });
    expect(outcome).toMatchObject({ ok: false, error: "timeout: no answer within 0.1 s" });
    answerLate();
    await new Promise((done) => setTimeout(done, 50));
    expect(connections).toBe(0);
  });

  it("counts the TLS handshake into the timeout", async () => {
    const port = await tcp((socket) => void socket.resume());
    const outcome = await send(`https://127.0.0.1:${port}/`, { timeoutMs: 200 });
    expect(outcome).toMatchObject({ ok: false, error: "timeout: no answer within 0.2 s" });
  });
});

/** Sends the head at once and then the unit every 10 ms, for ever. */
function drip(socket: Socket, head: string, unit: string): void {
  socket.resume();
  socket.write(head);
  const timer = setInterval(() => socket.write(unit), 10);
  socket.on("close", () => clearInterval(timer));
}

describe("what goes wrong", () => {
  it("a port where nothing listens is refused", async () => {
    const shop = await startReceiver();
    await shop.close();
    expect(await send(shop.url)).toMatchObject({
      ok: false,
      statusCode: null,
      error: expect.stringMatching(/^refused: /),
    });
  });

  it.each([
    ["closes", (socket: Socket) => void socket.destroy()],
    ["resets", (socket: Socket) => void socket.resetAndDestroy()],
    ["closes after the request", (socket: Socket) => onRequest(socket, () => socket.end())],
    ["resets after the request", (socket: Socket) => onRequest(socket, () => socket.resetAndDestroy())],
    ["closes within its header", (socket: Socket) => onRequest(socket, () => socket.end("HTTP/1.1 200 OK\r\nX: "))],
  ])("a server that %s is a reset", async (_what, onConnection) => {
    const port = await tcp(onConnection);
    const outcome = await send(`http://127.0.0.1:${port}/`);
    const error = "reset: the connection was closed before an answer";
    expect(outcome).toMatchObject({ ok: false, statusCode: null, responseBody: null, error });
  });

  it("an answer that is not HTTP is a protocol error", async () => {
    const port = await tcp((socket) => onRequest(socket, () => socket.end("SSH-2.0-OpenSSH_9.6\r\n")));
    expect((await send(`http://127.0.0.1:${port}/`)).error).toMatch(/^protocol: /);
  });

  it("a header without an end is a protocol error", async () => {
    const port = await tcp((socket) =>
      onRequest(socket, () => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(200_000)}`)),
    );
    expect((await send(`http://127.0.0.1:${port}/`)).error).toMatch(/^protocol: /);
  });

  it("a name that does not exist, or cannot be asked for, is a DNS error", async () => {
    const missing = Object.assign(new Error("x"), { code: "ENOTFOUND", syscall: "getaddrinfo" });
    const broken = Object.assign(new Error("x"), { code: "EAI_AGAIN", syscall: "getaddrinfo" });
    const asking = (error: Error) => send("http://shop.test/", { resolver: () => Promise.reject(error) });
    expect((await asking(missing)).error).toBe("dns: the name does not exist");
    expect((await asking(broken)).error).toBe("dns: the name could not be resolved (EAI_AGAIN)");
    expect((await send("http://no-such-name.invalid/")).error).toMatch(/^dns: /);
  });

  it("an error's words are cut to whole characters: half of one could not be stored, and the attempt would never end", async () => {
    const resolver = () => Promise.reject(new Error("x".repeat(199 - "internal: ".length) + "💸".repeat(9)));
    const { error } = await send("http://shop.test/", { resolver });
    expect(error).toMatch(/^internal: x+$/);
    expect(error?.isWellFormed()).toBe(true);
  });

  it("tries the next address of a name when one refuses", async () => {
    const shop = await receiver();
    const url = shop.url.replace("127.0.0.1", "shop.test");
    const outcome = await send(`${url}/x`, { resolver: resolvingTo("127.0.0.2", "127.0.0.1") });
    expect(outcome).toMatchObject({ ok: true, statusCode: 200 });
    expect(shop.requests[0]?.headers.host).toBe(new URL(url).host);
  });
});

describe("the guard", () => {
  it.each([
    ["http://10.0.0.1/", "blocked: 10.0.0.1 is a private address"],
    ["http://2130706433/", "blocked: 127.0.0.1 is a loopback address"],
    ["http://[::ffff:169.254.169.254]/", "blocked: ::ffff:a9fe:a9fe is a link-local address"],
    ["http://localhost/", "blocked: localhost is a loopback address"],
    ["http://user:pass@8.8.8.8/", "blocked: the URL must not contain a user name or password"],
    ["ftp://8.8.8.8/", "blocked: the URL must begin with http:// or https://"],
    ["nonsense", "blocked: the URL is not valid"],
  ])("blocks %s", async (url, error) => {
    expect(await send(url, { allowCidrs: [] })).toMatchObject({ ok: false, statusCode: null, error });
  });

  it("never reaches a server on this machine by a literal, a name or localhost unless its range is open", async () => {
    let connections = 0;
    const port = await tcp(() => connections++);
    for (const host of ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "shop.test", "0.0.0.0"]) {
      const outcome = await send(`http://${host}:${port}/`, { allowCidrs: [], resolver: resolvingTo("127.0.0.1") });
      expect(outcome.error).toMatch(/^blocked: /);
    }
    expect(connections).toBe(0);
  });

  it("asks DNS once an attempt and blocks the attempt for which the answer turned private (rebinding)", async () => {
    const shop = await receiver();
    const port = new URL(shop.url).port;
    const answers = ["127.0.0.1", "10.0.0.1", "127.0.0.1"];
    let asked = 0;
    const resolver: Resolver = async () => [{ address: answers[asked++] ?? "", family: 4 }];
    const first = await send(`http://shop.test:${port}/1`, { resolver });
    const second = await send(`http://shop.test:${port}/2`, { resolver });
    const third = await send(`http://shop.test:${port}/3`, { resolver });
    expect([first.ok, second.ok, third.ok]).toEqual([true, false, true]);
    expect(second.error).toBe("blocked: shop.test resolves to a private address");
    expect(asked).toBe(3);
    expect(shop.requests.map(({ path }) => path)).toEqual(["/1", "/3"]);
  });

  it("passes over the private addresses of a name that also has an open one", async () => {
    let isReached = false;
    const port = await tcp(() => {
      isReached = true;
    }, "127.0.0.2");
    const outcome = await send(`http://shop.test:${port}/`, {
      allowCidrs: ["127.0.0.1/32"],
      resolver: resolvingTo("127.0.0.2", "127.0.0.1"),
    });
    expect(outcome.error).toMatch(/^refused: /);
    expect(isReached).toBe(false);
  });

  // Linux connects 0.0.0.0 to 127.0.0.1: a peer that is not the address that was checked, without any trick.
  it.runIf(process.platform === "linux").each(["http", "https"])(
    "checks the address connected to before a byte is sent (%s)",
    async (scheme) => {
      let received = 0;
      let wasClosed: () => void = () => {};
      const closed = new Promise<void>((done) => {
        wasClosed = done;
      });
      const port = await tcp((socket) => {
        socket.on("data", (chunk) => {
          received += chunk.length;
        });
        socket.on("close", wasClosed);
      });
      const outcome = await send(`${scheme}://shop.test:${port}/`, {
        allowCidrs: ["0.0.0.0/32"],
        resolver: resolvingTo("0.0.0.0"),
      });
      expect(outcome.error).toBe("blocked: the address connected to is a loopback address");
      await closed;
      expect(received).toBe(0);
    },
  );

  it("lets localhost through where loopback is open, by the system's resolver", async () => {
    const shop = await receiver();
    expect(await send(shop.url.replace("127.0.0.1", "localhost"))).toMatchObject({ ok: true });
  });
});

describe("HTTPS", () => {
  async function secureShop() {
    const seen: { host?: string | undefined; serverName?: string | false | null; body: string }[] = [];
    const server = createHttpsServer({ key: TEST_KEY, cert: TEST_CERT }, (req, res) => {
      let body = "";
      req.on("data", (chunk) => {
        body += chunk;
      });
      req.on("end", () => {
        const socket = req.socket as Socket & { servername?: string | false | null };
        seen.push({ host: req.headers.host, serverName: socket.servername ?? null, body });
        res.end("secure");
      });
    });
    server.on("tlsClientError", () => {});
    return { port: await listen(server), seen };
  }

  it("is spoken with the name of the URL, over a connection to the checked address", async () => {
    const { port, seen } = await secureShop();
    const options = { resolver: resolvingTo("127.0.0.1"), ca: TEST_CERT };
    expect(await send(`https://shop.test:${port}/`, options)).toMatchObject({ ok: true, responseBody: "secure" });
    expect((await send(`https://shop.test.:${port}/`, options)).ok).toBe(true);
    expect((await send(`https://127.0.0.1:${port}/`, options)).ok).toBe(true);
    expect(seen).toEqual([
      { host: `shop.test:${port}`, serverName: "shop.test", body: '{"a":1}' },
      { host: `shop.test.:${port}`, serverName: "shop.test", body: '{"a":1}' },
      { host: `127.0.0.1:${port}`, serverName: false, body: '{"a":1}' },
    ]);
  });

  it.each([
    ["of an unknown authority", "shop.test", undefined, /^tls: .*(SELF_SIGNED|self.signed)/],
    ["of another name", "other.test", "own", /^tls: .*ERR_TLS_CERT_ALTNAME_INVALID/],
  ])("sends nothing to a server with a certificate %s", async (_what, host, trust, error) => {
    const { port, seen } = await secureShop();
    const ca = trust === undefined ? {} : { ca: TEST_CERT };
    const outcome = await send(`https://${host}:${port}/`, { resolver: resolvingTo("127.0.0.1"), ...ca });
    expect(outcome).toMatchObject({ ok: false, statusCode: null, error: expect.stringMatching(error) });
    expect(seen).toEqual([]);
  });

  it("verifies certificates even where NODE_TLS_REJECT_UNAUTHORIZED says not to", async () => {
    const { port, seen } = await secureShop();
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    try {
      const outcome = await send(`https://127.0.0.1:${port}/`);
      expect(outcome.error).toMatch(/^tls: /);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(seen).toEqual([]);
  });

  it("says so when the server does not speak TLS, or closes during the handshake", async () => {
    const shop = await receiver();
    expect((await send(shop.url.replace("http:", "https:"))).error).toMatch(/^tls: wrong version number/);
    const port = await tcp((socket) => socket.once("data", () => socket.destroy()));
    expect((await send(`https://127.0.0.1:${port}/`)).error).toBe(
      "tls: the connection was closed during the handshake",
    );
  });
});

describe("the receiver these tests stand on", () => {
  it("behaves per path, by function, and waits for what is still to come", async () => {
    const shop = await receiver();
    shop.behave({ status: 500 });
    shop.behave(({ body }) => ({ status: body === '{"a":1}' ? 202 : 400 }), "/own");
    const waiting = shop.waitFor(({ path }) => path === "/own?x=1", 2_000);
    expect((await send(`${shop.url}/other`)).statusCode).toBe(500);
    expect((await send(`${shop.url}/own?x=1`)).statusCode).toBe(202);
    expect((await waiting).method).toBe("POST");
    expect((await shop.waitFor((_request, all) => all.length === 2)).path).toBe("/other");
    await expect(shop.waitFor(() => false, 20)).rejects.toThrow(/2 came/);
  });

  it("can wait, hang and close", async () => {
    const shop = await receiver();
    shop.behave({ delayMs: 100 }, "/slow");
    shop.behave({ hang: true }, "/hang");
    shop.behave({ closeSocket: true }, "/close");
    expect((await send(`${shop.url}/slow`)).latencyMs).toBeGreaterThanOrEqual(95);
    expect((await send(`${shop.url}/hang`, { timeoutMs: 100 })).error).toMatch(/^timeout: /);
    expect((await send(`${shop.url}/close`)).error).toMatch(/^reset: /);
    expect(shop.requests).toHaveLength(3);
  });
});

/**
 * A key and a certificate of its own for localhost, shop.test and 127.0.0.1, valid 2020 to 2120, worth nothing elsewhere.
 * Made with `openssl ca -selfsign`; node has no way to make one.
 */
const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBeLSmC0W4aipyuWg
a/03gGfSAAbbZquqrBiUVL5Eq92hRANCAAQXM0k161ryiRo7AtC1yZlQXev4pVqw
v/cXx8HcPbSCDEv1lzpNCP0TQUp4rDH/+Ooj5NlguGOI+UTXTeODQnFG
-----END PRIVATE KEY-----
`;
const TEST_CERT = `-----BEGIN CERTIFICATE-----
MIIBgTCCASigAwIBAgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBF1c2R0LWdh
dGV3YXkgdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
MBgGA1UEAwwRdXNkdC1nYXRld2F5IHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAQXM0k161ryiRo7AtC1yZlQXev4pVqwv/cXx8HcPbSCDEv1lzpNCP0TQUp4
rDH/+Ooj5NlguGOI+UTXTeODQnFGo1kwVzAlBgNVHREEHjAcgglsb2NhbGhvc3SC
CXNob3AudGVzdIcEfwAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSfZYRV
qWNoDVttH/nxUzdJrtcvxTAKBggqhkjOPQQDAgNHADBEAiAkJuKUnqNoDEOPbo3N
bHeVj+XQlhVdRrxVxjlTUH75KAIgKFc3ZXKM3FXyC11/sajsETSiqA9dwMO/9jaB
W3rHkzQ=
-----END CERTIFICATE-----
`;
