import type { Hex } from "viem";
import { createPublicClient, http } from "viem";
import { mainnet } from "viem/chains";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Anvil, startAnvil } from "./anvil";
import { type FaultProxy, startFaultProxy } from "./fault-proxy";
import { type RefusalWording, rangeRefusals } from "./provider-refusals";
import { callNode, callNodeBatch, type RpcAnswer, toQuantity } from "./rpc";

const alice = "0x00000000000000000000000000000000000a11ce";
const bob = "0x0000000000000000000000000000000000000b0b";

type Log = { blockNumber: Hex; blockHash: Hex; logIndex: Hex; data: Hex; transactionHash: Hex };
type Header = { number: Hex; hash: Hex; parentHash: Hex; timestamp: Hex; logsBloom: Hex } | null;

let anvil: Anvil;
let proxy: FaultProxy;
let head: number;
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 1 });
  proxy = await startFaultProxy({ target: anvil.url, seed: 7 });
  // Blocks 2 to 11: one transfer of 1 to 10 base units each.
  for (let value = 1n; value <= 10n; value++) await anvil.sendTransfer({ to: alice, value });
  head = (await anvil.head()).number;
});
afterEach(() => {
  proxy.clear();
  proxy.resetCounts();
});
afterAll(async () => {
  await proxy.stop();
  await anvil.stop();
});

const rpc = <T>(method: string, params: readonly unknown[] = []) => callNode<T>(proxy.url, method, params);
const block = (tag: string | number) =>
  rpc<Header>("eth_getBlockByNumber", [typeof tag === "number" ? toQuantity(tag) : tag, false]);
const logs = (from: number, to: number | string = "latest", more: object = {}) =>
  rpc<Log[]>("eth_getLogs", [
    {
      address: anvil.token,
      fromBlock: toQuantity(from),
      toBlock: typeof to === "number" ? toQuantity(to) : to,
      ...more,
    },
  ]);
const values = (found: Log[]) => found.map((log) => Number(log.data));
const post = (body: unknown) =>
  fetch(proxy.url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("without faults", () => {
  it("passes answers, errors and batches through unchanged and counts calls and bytes", async () => {
    const request = { jsonrpc: "2.0", id: "x", method: "eth_getBlockByNumber", params: ["latest", false] };
    const direct = await fetch(anvil.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const proxied = await post(request);
    const text = await proxied.text();
    expect(text).toBe(await direct.text());
    expect(proxied.headers.get("content-type")).toBe(direct.headers.get("content-type"));
    const batch = await callNodeBatch(proxy.url, [{ method: "eth_chainId" }, { method: "no_such" }]);
    expect([batch[0]?.result, batch[1]?.error?.code]).toEqual(["0x1", -32601]);
    expect(proxy.calls).toEqual({ eth_getBlockByNumber: 1, eth_chainId: 1, no_such: 1 });
    expect(proxy.bytes.requests).toBe(2);
    expect(proxy.bytes.sent).toBeGreaterThan(text.length);
  });

  it("serves viem as the node itself does", async () => {
    const client = createPublicClient({ chain: mainnet, transport: http(proxy.url, { batch: true }) });
    const [number, finalized] = await Promise.all([
      client.getBlockNumber({ cacheTime: 0 }),
      client.getBlock({ blockTag: "finalized" }),
    ]);
    expect([number, finalized.number]).toEqual([BigInt(head), BigInt(head - 2)]);
    expect(proxy.bytes.requests).toBe(1);
  });
});

describe("lag", () => {
  it("makes head, tags, headers, logs and receipts agree on a lower head", async () => {
    const newest = (await logs(head))[0] as Log;
    proxy.setFault({ kind: "lag", blocks: 3 });
    expect(Number(await rpc("eth_blockNumber"))).toBe(head - 3);
    expect(Number((await block("latest"))?.number)).toBe(head - 3);
    expect(Number((await block("finalized"))?.number)).toBe(head - 5);
    expect(await block(head - 2)).toBeNull();
    expect(Number((await block(head - 3))?.number)).toBe(head - 3);
    expect(await rpc("eth_getBlockByHash", [newest.blockHash, false])).toBeNull();
    expect(values(await logs(2))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(values(await logs(head - 3, head))).toEqual([7]);
    expect(await logs(head - 2, head)).toEqual([]);
    expect(await rpc("eth_getTransactionReceipt", [newest.transactionHash])).toBeNull();
    await expect(rpc("eth_getLogs", [{ blockHash: newest.blockHash }])).rejects.toThrow("-32000");
  });

  it("holds within a batch", async () => {
    proxy.setFault({ kind: "lag", blocks: 2 });
    const [latest, above, found] = await callNodeBatch(proxy.url, [
      { method: "eth_getBlockByNumber", params: ["latest", false] },
      { method: "eth_getBlockByNumber", params: [toQuantity(head), false] },
      { method: "eth_getLogs", params: [{ fromBlock: toQuantity(head - 1), toBlock: toQuantity(head) }] },
    ]);
    expect([Number((latest?.result as Header)?.number), above?.result, found?.result]).toEqual([head - 2, null, []]);
  });

  it("can be only on some calls: the head is known, its logs are not", async () => {
    proxy.setFault({ kind: "lag", blocks: 1, methods: ["eth_getLogs"] });
    expect(Number(await rpc("eth_blockNumber"))).toBe(head);
    expect((await block(head))?.number).toBe(toQuantity(head));
    expect(await logs(head, head)).toEqual([]);
  });

  it("can stay at one height while the chain goes on", async () => {
    const id = await anvil.snapshot();
    proxy.setFault({ kind: "stuck", at: head });
    await anvil.mine(5);
    expect(Number(await rpc("eth_blockNumber"))).toBe(head);
    expect(await block(head + 1)).toBeNull();
    await anvil.revert(id);
  });

  it("strikes whole requests by chance: two backends behind one address, never mixed inside a batch", async () => {
    proxy.setFault({ kind: "lag", blocks: 4, probability: 0.5 });
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const answers = await callNodeBatch(proxy.url, [
        { method: "eth_blockNumber" },
        { method: "eth_getBlockByNumber", params: ["latest", false] },
      ]);
      seen.add(`${Number(answers[0]?.result)} ${Number((answers[1]?.result as Header)?.number)}`);
    }
    expect([...seen].sort()).toEqual([`${head - 4} ${head - 4}`, `${head} ${head}`].sort());
  });
});

describe("logs that lie", () => {
  it.each([
    ["are empty", { kind: "emptyLogs" }, []],
    ["end early", { kind: "truncateLogs", keep: 4 }, [1, 2, 3, 4]],
    ["miss the last", { kind: "dropLog" }, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["miss one in the middle", { kind: "dropLog", index: 4 }, [1, 2, 3, 4, 6, 7, 8, 9, 10]],
  ] as const)("%s, while headers stay true", async (_name, fault, expected) => {
    proxy.setFault(fault);
    expect(values(await logs(2))).toEqual(expected);
    expect((await block("latest"))?.hash).toBe((await anvil.head()).hash);
  });

  it("claim another block's hash", async () => {
    const before = await logs(2);
    proxy.setFault({ kind: "wrongBlockHash", index: 0 });
    const after = await logs(2);
    expect(after[0]?.blockHash).not.toBe(before[0]?.blockHash);
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  it("hold a forged transfer that stays the same, respects the filter and has a receipt", async () => {
    proxy.setFault({ kind: "forgedLog", transfer: { token: anvil.token, to: bob, value: 77n } });
    const lie = (await logs(2)).at(-1) as Log;
    expect([Number(lie.data), lie.blockHash, Number(lie.logIndex)]).toEqual([77, (await anvil.head()).hash, 1]);
    expect((await logs(3)).at(-1)).toEqual(lie);
    expect(await logs(2, head - 1)).toHaveLength(9);
    expect(await logs(2, "latest", { topics: [null, null, `0x${alice.slice(2).padStart(64, "0")}`] })).toHaveLength(10);
    expect(await rpc("eth_getTransactionReceipt", [lie.transactionHash])).toMatchObject({ status: "0x1", logs: [lie] });
    proxy.clear();
    expect(await rpc("eth_getTransactionReceipt", [lie.transactionHash])).toBeNull();
  });
});

describe("identity that lies", () => {
  it.each(["hash", "parentHash", "number", "timestamp", "logsBloom"] as const)(
    "spoils only the %s of a header",
    async (field) => {
      const before = await block(head);
      proxy.setFault({ kind: "wrongHeader", field });
      const after = await block(head);
      expect(after?.[field]).not.toBe(before?.[field]);
      expect({ ...after, [field]: 0 }).toEqual({ ...before, [field]: 0 });
    },
  );

  it("names another chain or shows no token", async () => {
    proxy.setFault({ kind: "chainId", chainId: 5 }, { kind: "noCode" });
    expect(await rpc("eth_chainId")).toBe("0x5");
    expect(await rpc("net_version")).toBe("5");
    expect(await rpc("eth_getCode", [anvil.token, "latest"])).toBe("0x");
  });

  it("answers null or whatever a test says", async () => {
    proxy.setFault({ kind: "nullResult", methods: ["eth_getTransactionReceipt"] });
    const [log] = await logs(2);
    expect(await rpc("eth_getTransactionReceipt", [log?.transactionHash])).toBeNull();
    proxy.setFault({ kind: "rewrite", methods: ["eth_gasPrice"], result: (result) => `${result}f` });
    expect(await rpc("eth_gasPrice")).toMatch(/^0x[0-9a-f]+f$/);
  });
});

describe("refusals", () => {
  it.each(Object.keys(rangeRefusals) as RefusalWording[])(
    "refuses wide ranges as %s words it, and serves narrow ones",
    async (wording) => {
      proxy.setFault({ kind: "rangeLimit", blocks: 5, wording });
      expect(await logs(2, 6)).toHaveLength(5);
      const expected = rangeRefusals[wording]({ from: 2, to: 7, limit: 5 }) as {
        status?: number;
        code: number;
        message: string;
      };
      const response = await post({
        jsonrpc: "2.0",
        id: 1,
        method: "eth_getLogs",
        params: [{ fromBlock: "0x2", toBlock: "0x7" }],
      });
      expect(response.status).toBe(expected.status ?? 200);
      const answer = (await response.json()) as RpcAnswer;
      expect([answer.id, answer.error?.code, answer.error?.message]).toEqual([1, expected.code, expected.message]);
      const [chain, wide] = await callNodeBatch(proxy.url, [
        { method: "eth_chainId" },
        { method: "eth_getLogs", params: [{ fromBlock: "0x2", toBlock: "latest" }] },
      ]);
      expect([chain?.result, wide?.error?.code]).toEqual(["0x1", expected.code]);
    },
  );

  it("refuses answers of too many logs and suggests half of the range", async () => {
    proxy.setFault({ kind: "resultLimit", logs: 6 });
    expect(await logs(2, 7)).toHaveLength(6);
    await expect(logs(2, 11)).rejects.toThrow(
      "-32005 query returned more than 10000 results. Try with this block range [0x2, 0x6].",
    );
  });

  it("answers any error to a chosen method only", async () => {
    proxy.setFault({
      kind: "rpcError",
      code: -32601,
      message: "the method is not available",
      methods: ["eth_getLogs"],
    });
    await expect(logs(2)).rejects.toThrow("-32601");
    expect(await rpc("eth_chainId")).toBe("0x1");
  });
});

describe("HTTP faults", () => {
  it.each([
    [429, 2],
    [429, undefined],
    [403, undefined],
    [503, "Wed, 21 Oct 2026 07:28:00 GMT"],
  ])("answers %i with Retry-After %s", async (status, retryAfter) => {
    proxy.setFault({ kind: "http", status, retryAfter, body: { Error: "no" } });
    const response = await post({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([status, retryAfter?.toString() ?? null]);
    expect(await response.json()).toEqual({ Error: "no" });
  });

  it("resets the connection", async () => {
    proxy.setFault({ kind: "reset" });
    await expect(rpc("eth_chainId")).rejects.toThrow("fetch failed");
  });

  it("hangs until the client gives up", async () => {
    proxy.setFault({ kind: "hang" });
    const attempt = fetch(proxy.url, { method: "POST", body: "{}", signal: AbortSignal.timeout(150) });
    await expect(attempt).rejects.toThrow("timeout");
  });

  it("cuts the body off, or sends a whole one that is no JSON", async () => {
    const whole = (await (await post({ jsonrpc: "2.0", id: 1, method: "eth_chainId" })).text()).length;
    proxy.setFault({ kind: "cutBody" });
    await expect(
      post({ jsonrpc: "2.0", id: 1, method: "eth_chainId" }).then((response) => response.text()),
    ).rejects.toThrow("terminated");
    proxy.clear();
    proxy.setFault({ kind: "badJson" });
    const response = await post({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBe(whole >> 1);
  });

  it("answers late", async () => {
    proxy.setFault({ kind: "delay", ms: 120 });
    const started = performance.now();
    await rpc("eth_chainId");
    expect(performance.now() - started).toBeGreaterThanOrEqual(119);
  });

  it("resets when the node behind it is gone", async () => {
    const dead = await startFaultProxy({ target: "http://127.0.0.1:1" });
    await expect(callNode(dead.url, "eth_chainId")).rejects.toThrow("fetch failed");
    await dead.stop();
  });
});

describe("scope", () => {
  const codes = async (count: number) => {
    const seen: string[] = [];
    for (let index = 0; index < count; index++) {
      seen.push(
        await rpc("eth_chainId").then(
          () => "ok",
          () => "bad",
        ),
      );
    }
    return seen;
  };

  it("skips, strikes so many times and is over; tells how often it struck", async () => {
    const fault = proxy.setFault({ kind: "reset", skip: 1, times: 2 });
    expect(await codes(5)).toEqual(["ok", "bad", "bad", "ok", "ok"]);
    expect(fault.strikes).toBe(2);
  });

  it("is over after its time, or when it is cleared", async () => {
    proxy.setFault({ kind: "reset", forMs: 500 });
    expect(await codes(1)).toEqual(["bad"]);
    await new Promise((resolve) => setTimeout(resolve, 550));
    expect(await codes(1)).toEqual(["ok"]);
    const fault = proxy.setFault({ kind: "reset" });
    expect(await codes(1)).toEqual(["bad"]);
    fault.clear();
    expect(await codes(1)).toEqual(["ok"]);
  });

  it("strikes the same requests for the same seed", async () => {
    const runs: string[][] = [];
    for (let run = 0; run < 2; run++) {
      const seeded = await startFaultProxy({ target: anvil.url, seed: 42 });
      seeded.setFault({ kind: "http", status: 503, probability: 0.4 });
      const statuses: string[] = [];
      for (let index = 0; index < 20; index++) {
        const response = await fetch(seeded.url, {
          method: "POST",
          body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}',
        });
        statuses.push(String(response.status));
      }
      runs.push(statuses);
      await seeded.stop();
    }
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).toContain("503");
    expect(runs[0]?.filter((status) => status === "503").length).toBeLessThan(15);
  });

  it("strikes only the calls that a predicate picks", async () => {
    proxy.setFault({
      kind: "nullResult",
      methods: ["eth_getBlockByNumber"],
      where: (call) => (call.params as unknown[])[0] === "finalized",
    });
    expect(await block("finalized")).toBeNull();
    expect(await block("latest")).not.toBeNull();
  });
});
