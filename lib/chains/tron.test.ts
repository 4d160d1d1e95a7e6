import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tronGridRefusals } from "@/e2e/chain/provider-refusals";
import { resetEnv } from "@/lib/env";
import { networkSpec } from "./networks";
import { NodeError, RangeRefused } from "./rpc";
import { judgeInfo, readSolidBlock, TronNode, transfersIn } from "./tron";
import type { StoredTransfer } from "./types";

/** Answers are those recorded from java-tron 4.8.0, with mainnet's token in place of that network's. */

const TOKEN = "a614f803b6fd780986a42c78ec9c7f77e6ded13c";
const TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const APPROVAL = "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925";
const TX = "a4d193dd97edc98c243e06906d29893dddd06bca08290b5436afc6fa69fa0a37";
const PAYEE = "8f5845cf87e3e4a49f7a1354e8b5a3e74270fa60";
const word = (hex: string) => hex.padStart(64, "0");
const log = (fields: object = {}) => ({
  address: TOKEN,
  topics: [TRANSFER, word("ad0f29a5f48b3c311ae391499fb50f13444c46ca"), word(PAYEE)],
  data: word("9a7888"),
  ...fields,
});
const info = (fields: object = {}) => ({
  id: TX,
  fee: 1306960,
  blockNumber: 102,
  blockTimeStamp: 1795367523000,
  // The token's `transfer` returns false.
  contractResult: [word("0")],
  contract_address: `41${TOKEN}`,
  receipt: { energy_fee: 1303500, energy_usage_total: 13035, net_fee: 3460, result: "SUCCESS" },
  log: [log()],
  ...fields,
});
const outOfTime = info({ contractResult: [""], receipt: { result: "OUT_OF_TIME" }, result: "FAILED" });
const stored: StoredTransfer = {
  id: "t",
  txHash: TX,
  ordinal: 0,
  blockNumber: 102,
  blockHash: `0x${"0".repeat(14)}66${"a".repeat(48)}`,
  toAddressKey: `0x${PAYEE}`,
  value: 0x9a7888n,
};
const solidBlock = (number: number, id = number.toString(16).padStart(16, "0") + "a".repeat(48)) => ({
  blockID: id,
  block_header: { raw_data: { number, version: 32, timestamp: 1795367550000 } },
});

describe("judgeInfo", () => {
  const judge = (answer: unknown, transfer: Partial<StoredTransfer> = {}) =>
    judgeInfo({ ...stored, ...transfer }, answer, TOKEN);

  it("agrees with a success, whatever the contract returned", () => {
    expect(judge(info())).toBe("agrees");
    expect(judge(info({ contractResult: [word("1")] }))).toBe("agrees");
    expect(judge(info(), { txHash: `0x${TX}` })).toBe("agrees");
  });

  it("contradicts a failure, also one that shows the Transfer in its logs", () => {
    expect(judge(outOfTime)).toBe("contradicts");
    for (const result of ["REVERT", "OUT_OF_ENERGY", "OUT_OF_TIME", undefined]) {
      expect(judge(info({ receipt: { result } })), String(result)).toBe("contradicts");
    }
    // Only failures have a result at the top.
    expect(judge(info({ result: "FAILED" }))).toBe("contradicts");
    expect(judge(info({ receipt: undefined }))).toBe("contradicts");
  });

  it("contradicts where the log is not the one that was stored", () => {
    expect(judge(info(), { value: 1n })).toBe("contradicts");
    expect(judge(info(), { toAddressKey: `0x${"1".repeat(40)}` })).toBe("contradicts");
    expect(judge(info(), { ordinal: 1 })).toBe("contradicts");
    expect(judge(info({ log: undefined }))).toBe("contradicts");
    expect(judge(info({ log: [log({ address: "b".repeat(40) })] }))).toBe("contradicts");
    expect(judge(info({ log: [log({ topics: [APPROVAL, word("1"), word(PAYEE)] })] }))).toBe("contradicts");
  });

  it("counts places among the token's logs of the transaction, and takes any place for one that is not known", () => {
    const two = info({ log: [log({ address: "b".repeat(40) }), log({ data: word("1") }), log()] });
    expect(judge(two, { ordinal: 1 })).toBe("agrees");
    expect(judge(two, { ordinal: 0 })).toBe("contradicts");
    expect(judge(two, { ordinal: -3 })).toBe("agrees");
  });

  it("contradicts where it stands in another block", () =>
    expect(judge(info({ blockNumber: 103 }))).toBe("contradicts"));

  it("knows nothing of what is `{}`: not there, or not solid yet", () => expect(judge({})).toBe("unknown"));

  it.each([null, undefined, [], "x", 1])("refuses %j", (value) => expect(() => judge(value)).toThrow(NodeError));
});

describe("readSolidBlock", () => {
  it("reads the height", () => expect(readSolidBlock(solidBlock(111))).toBe(111));
  it("refuses a block whose id does not begin with its height", () => {
    expect(() => readSolidBlock(solidBlock(111, `${"6e".padStart(16, "0")}${"a".repeat(48)}`))).toThrow(/does not fit/);
  });
  it.each([{}, null, [], { Error: "x" }, { blockID: "00" }, { ...solidBlock(1), block_header: {} }])(
    "refuses %j",
    (value) => expect(() => readSolidBlock(value)).toThrow(NodeError),
  );
});

describe("transfersIn", () => {
  it("gives every Transfer of the token, and nothing else", () => {
    const logs = [
      log(),
      log({ address: "b".repeat(40) }),
      log({ topics: [APPROVAL, word("1"), word(PAYEE)] }),
      log({ topics: [TRANSFER, word("1")] }),
      log({ data: word("0") }),
      log({ data: "" }),
      log({ address: TOKEN.toUpperCase(), data: word("7") }),
    ];
    expect(transfersIn(info({ log: logs }), TOKEN)).toEqual([
      { txHash: TX, to: `0x${PAYEE}`, value: 0x9a7888n },
      { txHash: TX, to: `0x${PAYEE}`, value: 7n },
    ]);
  });

  it("gives nothing of a failure, of TRX, or of a call that was undone inside", () => {
    expect(transfersIn(outOfTime, TOKEN)).toEqual([]);
    expect(transfersIn({ id: TX, fee: 2670, receipt: { net_fee: 2670 } }, TOKEN)).toEqual([]);
    expect(transfersIn(info({ log: undefined, internal_transactions: [{ rejected: true }] }), TOKEN)).toEqual([]);
  });

  it.each([null, {}, [], "x"])("refuses %j", (value) => expect(() => transfersIn(value, TOKEN)).toThrow(NodeError));
});

describe("TronNode", () => {
  type Asked = { path: string; headers: IncomingHttpHeaders; body: unknown };
  let asked: Asked[] = [];
  let answers: Record<string, unknown> = {};
  let url = "";
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? "";
    // tronweb sends no body where there is nothing to say.
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as unknown;
    asked.push({ path, headers: request.headers, body });
    const rpc = (call: { id: number; method: string }) => ({
      jsonrpc: "2.0",
      id: call.id,
      result: answers[call.method],
    });
    const answer = path === "/jsonrpc" ? [body].flat().map((call) => rpc(call as never)) : answers[path];
    const { status = 200, headers = {}, body: text = answer } = (answer ?? {}) as Record<string, never>;
    response.writeHead(status, { "content-type": "application/json", ...(headers as object) });
    response.end(JSON.stringify(text));
  });
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    asked = [];
    answers = {
      eth_chainId: "0x2b6653dc",
      eth_getCode: "0x60",
      "/walletsolidity/getnowblock": solidBlock(111),
      "/walletsolidity/gettransactioninfobyid": info(),
    };
  });
  afterEach(() => {
    delete process.env.TRONGRID_API_KEY;
    resetEnv();
  });
  const node = (suffix = "") => new TronNode(networkSpec("tron"), url + suffix);

  it("sends TronGrid's key with every request, and no such header without one", async () => {
    process.env.TRONGRID_API_KEY = "the-key";
    resetEnv();
    expect(await node("/").readFinalized()).toBe(111);
    expect(asked.map(({ path }) => path)).toEqual(["/jsonrpc", "/walletsolidity/getnowblock"]);
    for (const { headers } of asked) expect(headers["tron-pro-api-key"]).toBe("the-key");
    delete process.env.TRONGRID_API_KEY;
    resetEnv();
    asked = [];
    await node().readFinalized();
    for (const { headers } of asked) expect(headers).not.toHaveProperty("tron-pro-api-key");
  });

  it("asks for the token in the form that JSON-RPC takes: 0x, and no 41", async () => {
    await node().readFinalized();
    expect(asked[0]?.body).toContainEqual(
      expect.objectContaining({ method: "eth_getCode", params: [`0x${TOKEN}`, "latest"] }),
    );
  });

  it("takes ten thousand logs of several blocks for an answer that may have been cut off", async () => {
    const logs = (count: number) => Array.from({ length: count }, () => ({ address: `0x${"1".repeat(40)}` }));
    const header = { number: "0x5", hash: `0x${"1".repeat(64)}`, parentHash: `0x${"2".repeat(64)}`, timestamp: "0x1" };
    answers.eth_getBlockByNumber = header;
    answers.eth_getLogs = logs(10_000);
    await expect(node().readRange(5, 6, null, false)).rejects.toThrow(RangeRefused);
    expect((await node().readRange(5, 5, null, false)).headers).toHaveLength(1);
    answers.eth_getLogs = logs(9_999);
    await expect(node().readRange(5, 6, null, false)).rejects.toThrow("asked for block 6, got 5");
  });

  it("asks the solid face about transactions, by their bare hash", async () => {
    expect(await node().recheck([{ ...stored, txHash: `0x${TX}` }])).toEqual(new Map([["t", "agrees"]]));
    expect(asked.at(-1)).toMatchObject({ path: "/walletsolidity/gettransactioninfobyid", body: { value: TX } });
  });

  it("takes `{}` for a no only when the block has been solid for a minute", async () => {
    answers["/walletsolidity/gettransactioninfobyid"] = {};
    answers["/walletsolidity/getnowblock"] = solidBlock(102 + 19);
    expect((await node().recheck([stored])).get("t")).toBe("unknown");
    answers["/walletsolidity/getnowblock"] = solidBlock(102 + 20);
    expect((await node().recheck([stored])).get("t")).toBe("contradicts");
  });

  it("audits no block that is not solid: its `[]` would mean nothing", async () => {
    answers["/walletsolidity/gettransactioninfobyblocknum"] = [info()];
    expect(await node().audit([110, 111, 112])).toHaveLength(2);
    const paths = asked.filter(({ path }) => path.endsWith("infobyblocknum"));
    expect(paths.map(({ body }) => body)).toEqual([{ num: 110 }, { num: 111 }]);
  });

  it.each([
    ["TronGrid's 429", { ...tronGridRefusals.keyLimit() }, 30_000],
    ["TronGrid's 403", { ...tronGridRefusals.noKeyLimit() }, 30_000],
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "9" }, body: {} }, 9_000],
    ["401", { ...tronGridRefusals.badKey() }, null],
    ["500", { status: 500, body: "oops" }, null],
  ])("is a NodeError for %s on an HTTP path, with the pause that was asked for", async (_name, answer, backOffMs) => {
    answers["/walletsolidity/getnowblock"] = answer;
    const failure = await node()
      .readFinalized()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NodeError);
    expect((failure as NodeError).backOffMs).toBe(backOffMs);
  });

  it("is a NodeError for java-tron's own errors, which come with HTTP 200, and for what is no answer at all", async () => {
    answers["/walletsolidity/gettransactioninfobyid"] = { Error: "class java.lang.NullPointerException : null" };
    await expect(node().recheck([stored])).rejects.toThrow(NodeError);
    answers["/walletsolidity/gettransactioninfobyid"] = "text";
    await expect(node().recheck([stored])).rejects.toThrow(NodeError);
  });
});
