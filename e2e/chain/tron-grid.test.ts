import { TronWeb } from "tronweb";
import type { Hex } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Anvil, chainIds, type Sent, startAnvil } from "./anvil";
import { type FaultProxy, startFaultProxy } from "./fault-proxy";
import { tronGridRefusals } from "./provider-refusals";
import { callNode, toQuantity } from "./rpc";
import { plainHex, tronAddress } from "./tron-address";
import { sendOutOfTime, startTronEmulator, type TronEmulator } from "./tron-emulator";

const alice = "0x00000000000000000000000000000000000a11ce";
const fakeToken = "0x000000000000000000000000000000000000face";
const usdt = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const payments = 30;

let anvil: Anvil;
let node: TronEmulator;
let proxy: FaultProxy;
let newest: Sent;
beforeAll(async () => {
  anvil = await startAnvil({ chainId: chainIds.tron });
  node = await startTronEmulator({ anvil, finalizedLag: 2, solidLag: 4 });
  proxy = await startFaultProxy({ target: node.url, node: "tron" });
  await anvil.placeToken(fakeToken, 6);
  for (let value = 1n; value <= payments; value++) {
    newest = await anvil.sendTransfer({ to: alice, value });
    await anvil.sendTransfer({ to: alice, value, token: fakeToken });
  }
});
afterEach(() => proxy.clear());
afterAll(async () => {
  await proxy.stop();
  await node.stop();
  await anvil.stop();
});

const rpc = <T>(method: string, params: readonly unknown[] = []) => callNode<T>(`${proxy.url}/jsonrpc`, method, params);
async function post<T = Record<string, unknown>>(path: string, body: object = {}): Promise<T> {
  const headers = { "content-type": "application/json" };
  return (await fetch(proxy.url + path, { method: "POST", headers, body: JSON.stringify(body) })).json() as Promise<T>;
}
const status = async (url: string, key?: string) => {
  const headers = { "content-type": "application/json", ...(key ? { "TRON-PRO-API-KEY": key } : {}) };
  const response = await fetch(`${url}/wallet/getnowblock`, { method: "POST", headers, body: "{}" });
  return [response.status, ((await response.json()) as { Error?: string }).Error];
};

describe("/v1/contracts/{address}/events", () => {
  const web = () => new TronWeb({ fullHost: proxy.url });

  it("gives the newest first with the index within the transaction and times in ms", async () => {
    const page = await web().event.getEventsByContractAddress(usdt, { limit: 2 });
    expect(page.data?.map(({ result, block_number }) => [result.value, block_number])).toEqual([
      [String(payments), newest.blockNumber],
      [String(payments - 1), newest.blockNumber - 2],
    ]);
    expect(page.data?.[0]).toMatchObject({
      event_index: 0,
      event_name: "Transfer",
      contract_address: usdt,
      block_timestamp: (await anvil.head(newest.blockNumber)).timestamp * 1000,
      transaction_id: plainHex(newest.hash),
      result: { to: alice },
    });
  });

  it("loses the rest of USDT's events without a word: its pages have no fingerprint", async () => {
    const page = await web().event.getEventsByContractAddress(usdt, {});
    expect([page.success, page.data?.length, page.meta?.fingerprint]).toEqual([true, 20, undefined]);
  });

  it("pages through any other contract's events by fingerprint, until the proxy drops it", async () => {
    const contract = tronAddress(fakeToken, true);
    const values: string[] = [];
    let fingerprint: string | undefined;
    do {
      const page = await web().event.getEventsByContractAddress(contract, { limit: 12, fingerprint });
      values.push(...(page.data ?? []).map(({ result }) => String(result.value)));
      fingerprint = page.meta?.fingerprint;
    } while (fingerprint);
    expect(values).toEqual(Array.from({ length: payments }, (_, index) => String(payments - index)));
    proxy.setFault({ kind: "dropFingerprint", methods: ["/v1/*"] });
    const page = await web().event.getEventsByContractAddress(contract, { limit: 12 });
    expect([page.data?.length, page.meta?.fingerprint, page.meta?.links]).toEqual([12, undefined, undefined]);
  });

  it("gives only what is solid when asked for confirmed events", async () => {
    const page = await web().event.getEventsByContractAddress(usdt, { limit: 200, onlyConfirmed: true });
    const solid = (await anvil.head()).number - 4;
    expect(page.data?.every(({ block_number }) => block_number <= solid)).toBe(true);
    expect(page.data?.length).toBeGreaterThan(payments - 5);
  });
});

describe("TronGrid's quotas", () => {
  it("ban a caller without key by 403 and one with a key by 429, each on its own, and then let go", async () => {
    const grid = await startTronEmulator({
      anvil,
      tronGrid: { keys: ["good", "other"], perSecondWithoutKey: 2, perSecond: 4, suspendSeconds: 1 },
    });
    const ask = async (count: number, key?: string) => {
      const codes: unknown[] = [];
      for (let call = 0; call < count; call++) codes.push((await status(grid.url, key))[0]);
      return codes;
    };
    expect(await ask(4)).toEqual([200, 200, 403, 403]);
    expect(await ask(6, "good")).toEqual([200, 200, 200, 200, 429, 429]);
    expect(await status(grid.url, "good")).toEqual([429, tronGridRefusals.keyLimit(1).body.Error]);
    expect(await ask(1, "other")).toEqual([200]);
    expect(await status(grid.url, "stolen")).toEqual([401, "ApiKey not exists"]);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(await ask(1)).toEqual([200]);
    await grid.stop();
  });

  it("come through the fault proxy in the same words, with and without Retry-After", async () => {
    proxy.setFault({ kind: "http", ...tronGridRefusals.noKeyLimit(5), methods: ["/wallet/*"] });
    expect(await status(proxy.url)).toEqual([403, tronGridRefusals.noKeyLimit(5).body.Error]);
    expect(await rpc("eth_chainId")).toBe("0x2b6653dc");
  });
});

describe("a lagging backend behind the fault proxy", () => {
  it("agrees with itself on /jsonrpc, /wallet and /walletsolidity", async () => {
    const { number, hash } = await anvil.head();
    const id = plainHex(
      (await callNode<{ hash: Hex }>(`${node.url}/jsonrpc`, "eth_getBlockByNumber", ["latest", false])).hash,
    );
    proxy.setFault({ kind: "lag", blocks: 3 });
    expect(Number(await rpc("eth_blockNumber"))).toBe(number - 3);
    expect(await rpc("eth_getLogs", [{ fromBlock: toQuantity(number - 2), toBlock: toQuantity(number) }])).toEqual([]);
    await expect(rpc("eth_getLogs", [{ blockHash: `0x${id}` }])).rejects.toThrow("-32602 invalid blockHash");
    await expect(rpc("eth_getBlockByNumber", ["pending", false])).rejects.toThrow("TAG pending not supported");
    type Header = { block_header: { raw_data: { number: number } } };
    const heightOf = (block: Header) => block.block_header.raw_data.number;
    expect(heightOf(await post<Header>("/wallet/getnowblock"))).toBe(number - 3);
    expect(heightOf(await post<Header>("/wallet/getblock"))).toBe(number - 3);
    expect(heightOf(await post<Header>("/walletsolidity/getnowblock"))).toBe(number - 4 - 3);
    expect(await post("/wallet/getblockbynum", { num: number - 1 })).toEqual({});
    expect(await post("/wallet/getblockbyid", { value: id })).toEqual({});
    expect(await post("/wallet/gettransactioninfobyblocknum", { num: newest.blockNumber })).toEqual([]);
    expect(await post("/wallet/gettransactioninfobyid", { value: plainHex(newest.hash) })).toEqual({});
    expect(await post("/wallet/gettransactionbyid", { value: plainHex(newest.hash) })).toEqual({});
    expect(await post("/wallet/getblockbylimitnext", { startNum: number - 4, endNum: number + 1 })).toMatchObject({
      block: [{}, {}],
    });
    expect(await post("/walletsolidity/gettransactioninfobyblocknum", { num: number - 5 })).toEqual([]);
    proxy.clear();
    expect(await post("/wallet/getblockbyid", { value: id })).toMatchObject({ blockID: id });
    expect(plainHex(hash).slice(16)).toBe(id.slice(16));
  });

  it("can answer [] for a block's infos while it knows the block", async () => {
    proxy.setFault({ kind: "emptyLogs", methods: ["/wallet/gettransactioninfobyblocknum"] });
    expect(await post("/wallet/gettransactioninfobyblocknum", { num: newest.blockNumber })).toEqual([]);
    expect(await post("/wallet/getblockbynum", { num: newest.blockNumber })).toHaveProperty("transactions");
  });

  it("passes the logs of a transaction that ran out of time through, as an honest node does", async () => {
    const sent = await sendOutOfTime(anvil, [{ emulator: node, mode: "logs" }], { to: alice, value: 5n });
    const at = toQuantity(sent.blockNumber);
    expect(await rpc("eth_getLogs", [{ fromBlock: at, toBlock: at }])).toHaveLength(1);
    expect(await rpc("eth_getTransactionReceipt", [sent.hash])).toMatchObject({ status: "0x0" });
  });
});
