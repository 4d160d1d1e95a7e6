import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Refusal, rangeRefusals, tronGridRefusals } from "@/e2e/chain/provider-refusals";
import { NodeBehind, NodeError, NodePool, RangeRefused, rpcClient } from "./rpc";

type Call = { id: number; method: string; params: unknown[] };
type Handler = (calls: Call[], request: IncomingMessage, response: ServerResponse) => void;

let handler: Handler = () => {};
let url = "";
let requests = 0;
const server = createServer(async (request, response) => {
  requests++;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  // Whoever follows a redirect comes back without a body.
  const body = JSON.parse(Buffer.concat(chunks).toString() || "[]") as Call | Call[];
  handler([body].flat(), request, response);
});
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-key`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  requests = 0;
});

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const type = typeof body === "string" && status !== 200 ? "text/plain" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
/** Answers each call of a batch with an error. */
const refuse =
  ({ code, message, data }: Refusal, status = 200): Handler =>
  (calls, _request, response) =>
    send(
      response,
      status,
      calls.map(({ id }) => ({ jsonrpc: "2.0", id, error: { code, message, data } })),
    );
/** Answers with one HTTP status and body, whatever was asked. */
const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_calls, _request, response) =>
    send(response, status, body, headers);

async function failureOf(method = "eth_getLogs"): Promise<Error> {
  try {
    await rpcClient(url, "ethereum").call(method, []);
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call did not fail");
}

const RANGE = { from: 100, to: 5_099, limit: 500 };
const WORDINGS = Object.entries(rangeRefusals).map(([name, refusal]): [string, Refusal] => [name, refusal(RANGE)]);

describe("rpcClient", () => {
  it("sends calls of one turn in one batch, so that one backend answers them all, and hands each its own answer", async () => {
    handler = (calls, _request, response) =>
      send(
        response,
        200,
        [...calls].reverse().map(({ id, method }) => ({ jsonrpc: "2.0", id, result: `of ${method}` })),
      );
    const rpc = rpcClient(url, "ethereum");
    expect(await Promise.all([rpc.call("a", []), rpc.call("b", []), rpc.call("c", [])])).toEqual([
      "of a",
      "of b",
      "of c",
    ]);
    expect(requests).toBe(1);
  });

  it("keeps calls apart that are to be: what becomes of one batch is not said of another", async () => {
    handler = (calls, _request, response) =>
      calls[0]?.method === "wide"
        ? send(response, 413, "")
        : send(
            response,
            200,
            calls.map(({ id, method }) => ({ jsonrpc: "2.0", id, result: method })),
          );
    const rpc = rpcClient(url, "ethereum");
    const calls = [rpc.call("receipt", []), rpc.apart().call("wide", []), rpc.apart().call("narrow", [])];
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(requests).toBe(3);
  });

  it("sends at most a hundred calls in a batch: java-tron may take no more", async () => {
    const sizes: number[] = [];
    handler = (calls, _request, response) => {
      sizes.push(calls.length);
      const answers = calls.map(({ id, method }) => ({ jsonrpc: "2.0", id, result: method }));
      send(response, 200, calls.length > 100 ? { error: { code: -32005, message: "too large" } } : answers);
    };
    const rpc = rpcClient(url, "ethereum");
    const names = Array.from({ length: 250 }, (_, i) => `m${i}`);
    expect(await Promise.all(names.map((name) => rpc.call(name, [])))).toEqual(names);
    expect(sizes.sort((a, b) => a - b)).toEqual([50, 100, 100]);
  });

  it("lets the good answers of a batch through when one of its calls is refused", async () => {
    handler = (calls, _request, response) =>
      send(
        response,
        200,
        calls.map(({ id, method }) =>
          method === "bad" ? { id, error: { code: -32000, message: "no" } } : { id, result: method },
        ),
      );
    const rpc = rpcClient(url, "ethereum");
    const [good, bad] = await Promise.allSettled([rpc.call("good", []), rpc.call("bad", [])]);
    expect(good).toMatchObject({ status: "fulfilled", value: "good" });
    expect(bad).toMatchObject({ status: "rejected", reason: expect.any(NodeError) });
  });

  it("passes its headers on", async () => {
    let seen: unknown;
    handler = (calls, request, response) => {
      seen = request.headers["tron-pro-api-key"];
      send(response, 200, [{ id: calls[0]?.id, result: null }]);
    };
    expect(await rpcClient(url, "tron", { "TRON-PRO-API-KEY": "k" }).call("x", [])).toBeNull();
    expect(seen).toBe("k");
  });

  it.each(WORDINGS)("understands that %s wants a smaller range of logs", async (_name, refusal) => {
    handler = refuse(refusal);
    expect(await failureOf()).toBeInstanceOf(RangeRefused);
  });

  it.each(WORDINGS.filter(([, refusal]) => refusal.status !== undefined))(
    "understands it from %s too when the whole batch has its HTTP status, as one object or as a list",
    async (_name, refusal) => {
      handler = refuse(refusal, refusal.status);
      expect(await failureOf()).toBeInstanceOf(RangeRefused);
      const { code, message } = refusal;
      handler = answer(refusal.status ?? 400, { jsonrpc: "2.0", id: null, error: { code, message } });
      expect(await failureOf()).toBeInstanceOf(RangeRefused);
    },
  );

  it.each(WORDINGS)(
    "does not take the words of %s for a range where no logs were asked for",
    async (_name, refusal) => {
      handler = refuse(refusal);
      const failure = await failureOf("eth_getBlockByNumber");
      expect(failure).toBeInstanceOf(NodeError);
    },
  );

  it("wants a smaller range of logs when the answer is too large for the provider: HTTP 413", async () => {
    handler = answer(413, "Payload Too Large");
    expect(await failureOf()).toBeInstanceOf(RangeRefused);
    expect(await failureOf("eth_blockNumber")).toBeInstanceOf(NodeError);
  });

  it("wants a smaller range when the answer is larger than it takes, whether it says so at once or goes on and on", async () => {
    const large = JSON.stringify({ jsonrpc: "2.0", id: 0, result: "x".repeat(10_000_001) });
    const announced: Record<string, string>[] = [
      { "content-length": String(large.length) },
      { "transfer-encoding": "chunked" },
    ];
    for (const headers of announced) {
      handler = answer(200, large, headers);
      for (const method of ["eth_getLogs", "eth_getTransactionReceipt"]) {
        const failure = await failureOf(method);
        expect(failure).toBeInstanceOf(RangeRefused);
        expect(failure.message).toContain("10 MB");
      }
    }
  });

  it.each([
    ["429", 429, "slow down", {}, 30_000],
    ["429 with Retry-After", 429, {}, { "retry-after": "7" }, 7_000],
    ["429 until tomorrow", 429, {}, { "retry-after": "86400" }, 600_000],
    ["429 with a Retry-After that is a date", 429, {}, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, 30_000],
    ["403", 403, "forbidden", {}, 30_000],
    ["TronGrid's 429", 429, tronGridRefusals.keyLimit().body, {}, 30_000],
    ["TronGrid's 403", 403, tronGridRefusals.noKeyLimit().body, {}, 30_000],
  ])("leaves a node alone for a while that answers %s", async (_name, status, body, headers, backOffMs) => {
    handler = answer(status, body, headers as Record<string, string>);
    for (const method of ["eth_getLogs", "eth_blockNumber"]) {
      const failure = await failureOf(method);
      expect(failure).toBeInstanceOf(NodeError);
      expect((failure as NodeError).backOffMs).toBe(backOffMs);
    }
  });

  it.each([
    [-32005, "daily request count exceeded, request rate limited"],
    [-32005, "rate limit exceeded"],
    [429, "Your app has exceeded its compute units per second capacity"],
    [-32029, "Too Many Requests"],
    [-32000, "monthly credits used up"],
    [-32016, "quota exceeded"],
    [-32097, "project ID request rate exceeded"],
  ])("leaves a node alone that says in words that it is asked too often: %i %s", async (code, message) => {
    handler = refuse({ code, message });
    for (const method of ["eth_getLogs", "eth_blockNumber"]) {
      const failure = await failureOf(method);
      expect(failure).toBeInstanceOf(NodeError);
      expect((failure as NodeError).backOffMs).toBeGreaterThan(0);
    }
  });

  it.each([
    ["a method that is not there", refuse({ code: -32601, message: "the method eth_getLogs does not exist" })],
    ["an internal error", refuse({ code: -32603, message: "internal error" })],
    ["an unknown block", refuse({ code: -32000, message: "header not found" })],
    ["HTTP 401", answer(401, tronGridRefusals.badKey().body)],
    ["HTTP 500", answer(500, "oops")],
    ["HTTP 502 with a page", answer(502, "<html>Bad Gateway</html>")],
    ["200 with a page", answer(200, "<html>It works</html>")],
    ["an empty answer", answer(200, "")],
    ["an empty batch", answer(200, [])],
    // As java-tron words it: under 200, with the id as text.
    [
      "a parse error",
      answer(200, { jsonrpc: "2.0", id: "null", error: { code: -32700, message: "JSON parse error" } }),
    ],
    [
      "one in a list",
      answer(200, [{ jsonrpc: "2.0", id: "null", error: { code: -32700, message: "JSON parse error" } }]),
    ],
    ["null", answer(200, "null")],
    ["a number", answer(200, "7")],
    [
      "one object for a batch",
      answer(200, { jsonrpc: "2.0", id: null, error: { code: -32700, message: "parse error" } }),
    ],
    ["an error without code and message", answer(200, [{ id: 0, error: {} }])],
    ["an error that is text", answer(200, [{ id: 0, error: "no" }])],
    ["cut-off JSON", answer(200, '[{"id":0,"result":"0x1')],
    ["a closed connection", (_calls, request) => request.socket.destroy()],
    ["a redirect", answer(302, "", { location: "/elsewhere" })],
  ] satisfies [string, Handler][])("is a plain NodeError for %s: another node may do better", async (_name, how) => {
    handler = how;
    const failure = await failureOf();
    expect(failure).toBeInstanceOf(NodeError);
    expect((failure as NodeError).backOffMs).toBeNull();
    expect(failure.message.length).toBeLessThan(500);
    expect(failure.message).not.toContain("secret-key");
  });

  it("is a NodeError where nobody listens", async () => {
    await expect(rpcClient("http://127.0.0.1:1/secret-key", "ethereum").call("eth_getLogs", [])).rejects.toThrow(
      NodeError,
    );
  });

  it("never tries again by itself", async () => {
    for (const status of [429, 500, 503]) {
      handler = answer(status, "no");
      requests = 0;
      await failureOf();
      expect(requests).toBe(1);
    }
  });
});

describe("NodePool", () => {
  let now = 0;
  const pool = (...urls: string[]) =>
    new NodePool(
      "test",
      urls,
      (node) => node,
      () => now,
    );
  /** Runs once; each node does what its name is given. @returns the order of nodes tried, and what came of it. */
  async function run(nodes: NodePool<string>, outcomes: Record<string, Error | string>) {
    const tried: string[] = [];
    const result = await nodes
      .run(async (node) => {
        tried.push(node);
        const outcome = outcomes[node];
        if (outcome instanceof Error) throw outcome;
        return outcome;
      })
      .catch((error: unknown) => error);
    return { tried, result };
  }
  const [A, B, C] = ["http://a", "http://b", "http://c"] as const;
  const dead = () => new NodeError("dead");
  beforeEach(() => {
    now = 1_000_000;
  });

  it("tries the URLs in the order they were given, and the best one first each time", async () => {
    const nodes = pool(A, B, C);
    expect(await run(nodes, { [A]: "a", [B]: "b" })).toEqual({ tried: [A], result: "a" });
    expect(await run(nodes, { [A]: dead(), [B]: dead(), [C]: "c" })).toEqual({ tried: [A, B, C], result: "c" });
    now += 1_000;
    expect(await run(nodes, { [A]: "a", [B]: "b", [C]: "c" })).toEqual({ tried: [A], result: "a" });
  });

  it("leaves a failing URL alone for 1 s, 2 s, 4 s … up to a minute, and forgets its failures when it works", async () => {
    const nodes = pool(A, B);
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60, 60]) {
      expect((await run(nodes, { [A]: dead(), [B]: "b" })).tried).toEqual([A, B]);
      now += seconds * 1000 - 1;
      expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([B]);
      now += 1;
    }
    expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([A]);
    expect((await run(nodes, { [A]: dead(), [B]: "b" })).tried).toEqual([A, B]);
    now += 1_000;
    expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([A]);
  });

  it("leaves a URL alone for as long as it asked", async () => {
    const nodes = pool(A, B);
    await run(nodes, { [A]: new NodeError("HTTP 429", 7_000), [B]: "b" });
    now += 6_999;
    expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([B]);
    now += 1;
    expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([A]);
  });

  it("tries the one that rests least when all rest, so that one URL alone is never given up", async () => {
    const nodes = pool(A, B);
    const [tooOften, oops] = [new NodeError("HTTP 429", 30_000), dead()];
    expect(await run(nodes, { [A]: tooOften, [B]: oops })).toEqual({ tried: [A, B], result: oops });
    expect(await run(nodes, { [A]: "a", [B]: "b" })).toEqual({ tried: [B], result: "b" });
    const single = pool(A);
    await run(single, { [A]: dead() });
    expect(await run(single, { [A]: "a" })).toEqual({ tried: [A], result: "a" });
  });

  it("does not ask a URL that asked to be left alone before its time is over, not even when there is no other", async () => {
    const single = pool(A);
    await run(single, { [A]: new NodeError("HTTP 429", 30_000) });
    now += 29_999;
    const early = await run(single, { [A]: "a" });
    expect(early.tried).toEqual([]);
    expect(early.result).toBeInstanceOf(NodeError);
    expect(String(early.result)).toContain("HTTP 429");
    now += 1;
    expect(await run(single, { [A]: "a" })).toEqual({ tried: [A], result: "a" });
  });

  it("moves on from a node that lags, without holding it against it", async () => {
    const nodes = pool(A, B);
    const behind = new NodeBehind("no block 5");
    expect(await run(nodes, { [A]: behind, [B]: "b" })).toEqual({ tried: [A, B], result: "b" });
    expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([A]);
    expect(await run(nodes, { [A]: behind, [B]: behind })).toEqual({ tried: [A, B], result: behind });
    expect(nodes.report()).toEqual([
      { node: A, error: null },
      { node: B, error: null },
    ]);
  });

  it.each([new RangeRefused("too wide"), new Error("a bug"), new TypeError("x")])(
    "hands %s to the caller at once: no other node is asked, and nobody rests for it",
    async (foreign) => {
      const nodes = pool(A, B);
      expect(await run(nodes, { [A]: foreign, [B]: "b" })).toEqual({ tried: [A], result: foreign });
      expect((await run(nodes, { [A]: "a", [B]: "b" })).tried).toEqual([A]);
    },
  );

  it("without a URL it fails as a node would", async () => {
    expect((await run(pool(), {})).result).toBeInstanceOf(NodeError);
  });

  it("reports what is wrong with each URL, without what may be a key in it, until it works again", async () => {
    const keyed = "https://user:pass@a.example.com/v2/secret-key?token=x";
    const nodes = pool(keyed, B);
    await run(nodes, { [keyed]: dead(), [B]: "b" });
    expect(nodes.report()).toEqual([
      { node: "https://a.example.com/…", error: "dead" },
      { node: "http://b", error: null },
    ]);
    now += 1_000;
    await run(nodes, { [keyed]: "a" });
    expect(nodes.report()[0]?.error).toBeNull();
  });
});
