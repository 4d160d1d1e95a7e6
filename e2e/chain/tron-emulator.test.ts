import { TronWeb } from "tronweb";
import { createPublicClient, type Hex, http, pad } from "viem";
import { tron } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Anvil, chainIds, type Sent, startAnvil } from "./anvil";
import { callNode, callNodeBatch, toQuantity } from "./rpc";
import { tokenAbi, tokenCalls, transferTopic } from "./token";
import { evmAddress, fromBase58Check, plainHex, toBase58Check, tronAddress } from "./tron-address";
import { sendOutOfTime, startTronEmulator, type TronEmulator } from "./tron-emulator";

const alice = "0x00000000000000000000000000000000000a11ce";
const usdt = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

let anvil: Anvil;
let node: TronEmulator;
let paid: Sent;
beforeAll(async () => {
  anvil = await startAnvil({ chainId: chainIds.tron });
  node = await startTronEmulator({ anvil });
  await anvil.mine(20);
  paid = await anvil.sendTransfer({ to: alice, value: 10_123_400n });
  await anvil.mine(25);
});
afterAll(async () => {
  await node.stop();
  await anvil.stop();
});

const rpc = <T>(method: string, params: readonly unknown[] = [], url = node.url) =>
  callNode<T>(`${url}/jsonrpc`, method, params);
type Block = { number: Hex; hash: Hex; parentHash: Hex; timestamp: Hex; logsBloom: Hex } | null;
const block = (tag: number | string, url?: string) =>
  rpc<Block>("eth_getBlockByNumber", [typeof tag === "number" ? toQuantity(tag) : tag, false], url);
const height = async (tag: string, url?: string) => Number((await block(tag, url))?.number);
async function post<T = Record<string, unknown>>(path: string, body: object = {}, url = node.url): Promise<T> {
  const headers = { "content-type": "application/json" };
  return (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })).json() as Promise<T>;
}
type Header = {
  blockID: string;
  block_header: { raw_data: { number: number; timestamp: number; parentHash: string } };
};
const solidHeight = async (emulator = node) =>
  (await post<Header>("/walletsolidity/getnowblock", {}, emulator.url)).block_header.raw_data.number ?? 0;

describe("addresses", () => {
  it("convert as tronweb converts them, and refuse a wrong checksum", () => {
    for (const address of [anvil.token, alice, ...anvil.accounts]) {
      const base58 = tronAddress(address, true);
      expect(base58).toBe(TronWeb.address.fromHex(`41${plainHex(address)}`));
      expect(evmAddress(base58)).toBe(plainHex(address));
    }
    expect(tronAddress(anvil.token, true)).toBe(usdt);
    expect(fromBase58Check(`${usdt.slice(0, -1)}u`)).toBeNull();
    expect(toBase58Check("00")).toBe("1Wh4bh");
  });
});

describe("viem as a client", () => {
  const client = () => createPublicClient({ chain: tron, transport: http(`${node.url}/jsonrpc`, { batch: true }) });

  it("reads chain id, blocks, logs and receipts that agree with each other", async () => {
    const [id, header, logs] = await Promise.all([
      client().getChainId(),
      client().getBlock({ blockNumber: BigInt(paid.blockNumber) }),
      client().getLogs({
        address: anvil.token,
        event: tokenAbi[0],
        args: { to: alice },
        fromBlock: 1n,
        toBlock: "latest",
      }),
    ]);
    expect(id).toBe(728_126_428);
    expect(logs.map((log) => [log.args.value, log.blockHash, log.logIndex])).toEqual([[10_123_400n, header.hash, 0]]);
    const receipt = await client().getTransactionReceipt({ hash: paid.hash });
    expect([receipt.status, receipt.blockHash, receipt.logs.length]).toEqual(["success", header.hash, 1]);
    expect(header.logsBloom).toBe(`0x${"0".repeat(512)}`);
    expect(header.timestamp).toBe(BigInt((await anvil.head(paid.blockNumber)).timestamp));
  });

  it("reads the token's decimals and a balance", async () => {
    const read = (functionName: "decimals" | "balanceOf", args: readonly Hex[] = []) =>
      client().readContract({ address: anvil.token, abi: tokenAbi, functionName, args: args as never });
    expect([await read("decimals"), await read("balanceOf", [alice])]).toEqual([6, 10_123_400n]);
  });

  it("finds heights in the first eight bytes of every hash, and parents that link", async () => {
    for (const number of [1, 2, paid.blockNumber]) {
      const header = await block(number);
      expect(Number(`0x${header?.hash.slice(2, 18)}`)).toBe(number);
      expect((await block(number - 1))?.hash).toBe(header?.parentHash);
    }
    expect((await block(0))?.hash.endsWith("2b6653dc")).toBe(true);
  });
});

describe("tronweb as a client", () => {
  const web = () => new TronWeb({ fullHost: node.url });

  it("reads the head, blocks by height and id, and ranges; times are in ms", async () => {
    const head = await web().trx.getCurrentBlock();
    expect(head.block_header.raw_data.number).toBe((await anvil.head()).number);
    const byNumber = await web().trx.getBlock(paid.blockNumber);
    expect(await web().trx.getBlock(byNumber.blockID)).toEqual(byNumber);
    expect(byNumber.block_header.raw_data.timestamp).toBe((await anvil.head(paid.blockNumber)).timestamp * 1000);
    const range = await web().trx.getBlockRange(3, 6);
    expect(range.map((one) => one.block_header.raw_data.number)).toEqual([3, 4, 5, 6]);
    await expect(web().trx.getBlock(99_999)).rejects.toThrow("Block not found");
  });

  it("reads a transaction and what became of it", async () => {
    const id = plainHex(paid.hash);
    const transaction = await web().trx.getTransaction(id);
    expect(transaction.raw_data.contract[0]?.parameter.value).toMatchObject({
      contract_address: TronWeb.address.toHex(usdt),
      owner_address: tronAddress(anvil.accounts[0] as Hex),
    });
    const info = await web().trx.getUnconfirmedTransactionInfo(id);
    expect(info).toMatchObject({ id, blockNumber: paid.blockNumber, receipt: { result: "SUCCESS" } });
    expect(Object.keys(info)).not.toContain("result");
    // False, though it succeeded: nobody may judge by it.
    expect(info.contractResult).toEqual(["0".repeat(64)]);
    expect(info.log?.[0]).toEqual({
      address: plainHex(anvil.token),
      topics: [transferTopic, pad(anvil.accounts[0] as Hex), pad(alice)].map(plainHex),
      data: (10_123_400).toString(16).padStart(64, "0"),
    });
  });

  it("reads a block's infos through the path that it has no wrapper for", async () => {
    const infos = await web().fullNode.request<{ id: string }[]>(
      "wallet/gettransactioninfobyblocknum",
      { num: paid.blockNumber },
      "post",
    );
    expect(infos.map(({ id }) => id)).toEqual([plainHex(paid.hash)]);
  });

  it("calls the contract", async () => {
    const caller = web();
    caller.setAddress(usdt);
    const abi = [
      {
        name: "balanceOf",
        type: "function",
        stateMutability: "view",
        inputs: [{ name: "who", type: "address" }],
        outputs: [{ type: "uint256" }],
      },
    ] as const;
    const contract = caller.contract(abi, usdt);
    expect(await contract.methods.balanceOf(tronAddress(alice, true)).call()).toBe(10_123_400n);
  });

  it("shows native TRX apart from the token", async () => {
    const sent = await anvil.sendNative({ to: alice, wei: 7n * 10n ** 18n });
    const { raw_data } = await web().trx.getTransaction(plainHex(sent.hash));
    expect(raw_data.contract[0]).toMatchObject({
      type: "TransferContract",
      parameter: { value: { amount: 7_000_000 } },
    });
    expect(await web().trx.getBalance(tronAddress(alice, true))).toBe(7_000_000);
  });
});

describe("the two finalities", () => {
  it("lie 18 and 20 below the head, so that the tag leads walletsolidity by two", async () => {
    const { number } = await anvil.head();
    expect([await height("finalized"), await solidHeight()]).toEqual([number - 18, number - 20]);
    expect(await height("latest", node.solidityUrl)).toBe(number - 20);
    expect(await height("finalized", node.solidityUrl)).toBe(number - 38);
  });

  it("say [] about a block between them, as about an empty one: only getblockbynum tells them apart", async () => {
    const sent = await anvil.sendTransfer({ to: alice, value: 5n });
    await anvil.mine(19);
    expect(await height("finalized")).toBeGreaterThan(sent.blockNumber);
    const num = sent.blockNumber;
    expect(await post("/walletsolidity/gettransactioninfobyblocknum", { num })).toEqual([]);
    expect(await post("/walletsolidity/getblockbynum", { num })).toEqual({});
    expect(await post("/walletsolidity/gettransactioninfobyid", { value: plainHex(sent.hash) })).toEqual({});
    await anvil.mine(1);
    expect(await post("/walletsolidity/gettransactioninfobyblocknum", { num })).toHaveLength(1);
    expect(await post("/walletsolidity/getblockbynum", { num })).toHaveProperty("blockID");
  });

  it("are block 0 on a young chain, can be close for quick tests, and stand still when they halt", async () => {
    const young = await startAnvil({ chainId: chainIds.tron });
    const quick = await startTronEmulator({ anvil: young, finalizedLag: 2, solidLag: 4 });
    await young.mine(2);
    expect([await height("finalized", quick.url), await solidHeight(quick)]).toEqual([1, 0]);
    await young.mine(10);
    expect([await height("finalized", quick.url), await solidHeight(quick)]).toEqual([11, 9]);
    await quick.haltFinality();
    await young.mine(30);
    expect([await height("finalized", quick.url), await solidHeight(quick)]).toEqual([11, 9]);
    quick.resumeFinality();
    quick.setLag({ finalized: 1, solid: 1 });
    expect([await height("finalized", quick.url), await solidHeight(quick)]).toEqual([42, 42]);
    await quick.stop();
    await young.stop();
  });
});

describe("transactions that fail", () => {
  type Info = { result?: string; receipt: { result: string }; log?: unknown[] };
  const infoOf = (hash: Hex, emulator = node, face = "wallet") =>
    post<Info>(`/${face}/gettransactioninfobyid`, { value: plainHex(hash) }, emulator.url);

  it.each([
    ["revert", "REVERT"],
    ["outOfGas", "OUT_OF_ENERGY"],
  ] as const)("by %s are FAILED with %s and never have a log", async (kind, result) => {
    const sent = await anvil.sendFailing(kind, { to: alice, value: 1n });
    const info = await infoOf(sent.hash);
    expect([info.result, info.receipt.result, info.log]).toEqual(["FAILED", result, undefined]);
    expect(await rpc("eth_getTransactionReceipt", [sent.hash])).toMatchObject({ status: "0x0", logs: [] });
  });

  it("by an inner revert succeed, without a log, and say so in internal_transactions", async () => {
    const sent = await anvil.sendFailing("inside", { to: alice, value: 1n });
    const info = await infoOf(sent.hash);
    expect([info.result, info.receipt.result, info.log]).toEqual([undefined, "SUCCESS", undefined]);
    expect(info).toMatchObject({ internal_transactions: [{ rejected: true }] });
  });

  it("by time show their Transfer on one honest node and not on another", async () => {
    const follower = await startTronEmulator({ anvil, finalizedLag: 1, solidLag: 1 });
    const sent = await sendOutOfTime(
      anvil,
      [
        { emulator: node, mode: "noLogs" },
        { emulator: follower, mode: "logs" },
      ],
      { to: alice, value: 777n },
    );
    await anvil.mine(2);
    const filter = { fromBlock: toQuantity(sent.blockNumber), toBlock: toQuantity(sent.blockNumber) };
    const logs = (url: string) => rpc<unknown[]>("eth_getLogs", [filter], url);
    expect([(await logs(node.url)).length, (await logs(follower.url)).length]).toEqual([0, 1]);
    for (const face of ["wallet", "walletsolidity"]) {
      const info = await infoOf(sent.hash, follower, face);
      expect([info.result, info.receipt.result, info.log?.length]).toEqual(["FAILED", "OUT_OF_TIME", 1]);
    }
    expect((await infoOf(sent.hash)).log).toBeUndefined();
    const receipt = (url: string) =>
      rpc<{ status: Hex; logs: unknown[] }>("eth_getTransactionReceipt", [sent.hash], url);
    expect(await receipt(node.url)).toMatchObject({ status: "0x0", logs: [] });
    expect(await receipt(follower.url)).toMatchObject({ status: "0x0", logs: [{ logIndex: "0x0" }] });
    await follower.stop();
  });

  it("by time without logs leave no gap in the log indexes of their block", async () => {
    const sent = await anvil.inOneBlock(
      [1n, 2n, 3n].map((value) => tokenCalls.transfer({ to: alice, value })),
      (hashes) => node.setOutOfTime(hashes[1] as Hex, "noLogs"),
    );
    const at = toQuantity(sent[0]?.blockNumber ?? 0);
    const logs = await rpc<{ logIndex: Hex; data: Hex }[]>("eth_getLogs", [{ fromBlock: at, toBlock: at }]);
    expect(logs.map((log) => [Number(log.data), Number(log.logIndex)])).toEqual([
      [1, 0],
      [3, 1],
    ]);
    const receipt = await rpc<{ logs: { logIndex: Hex }[] }>("eth_getTransactionReceipt", [sent[2]?.hash]);
    expect(receipt.logs.map((log) => log.logIndex)).toEqual(["0x1"]);
  });
});

describe("limits and batches", () => {
  it("refuse ranges over the node's limit, counted to the head, and too many results", async () => {
    const strict = await startTronEmulator({ anvil, limits: { maxBlockRange: 10, maxResults: 2 } });
    await anvil.mine(10);
    const head = (await anvil.head()).number;
    const ask = (from: number, to: number) =>
      rpc<unknown[]>("eth_getLogs", [{ fromBlock: toQuantity(from), toBlock: toQuantity(to) }], strict.url);
    await expect(ask(0, 11)).rejects.toThrow("-32602 exceed max block range: 10");
    await expect(ask(0, 10)).resolves.toEqual([]);
    await expect(ask(head - 5, head + 1000)).resolves.toBeDefined();
    await expect(ask(head + 1, head + 100)).resolves.toEqual([]);
    const { blockNumber } = await anvil.sendBatch([1n, 2n, 3n].map((value) => ({ to: alice, value })));
    await expect(ask(blockNumber, blockNumber)).rejects.toThrow("-32005 query returned more than 2 results");
    await strict.stop();
  });

  it("answer batches in the order asked, with each call's own error", async () => {
    const calls = [
      { method: "eth_getBlockByNumber", params: ["safe", false] },
      { method: "eth_blockNumber", params: [] },
      { method: "eth_getBlockReceipts", params: ["0x1"] },
    ];
    const answers = await callNodeBatch(`${node.url}/jsonrpc`, calls);
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [0, -32602],
      [1, undefined],
      [2, -32601],
    ]);
  });
});

describe("a reorganisation", () => {
  it("gives the same heights other ids, forgets what it dropped and keeps what it includes again", async () => {
    const lost = await anvil.sendTransfer({ to: alice, value: 11n });
    const kept = await anvil.sendTransfer({ from: anvil.accounts[1], to: alice, value: 12n });
    const before = await block(lost.blockNumber);
    await anvil.reorg(5, [{ tx: kept.hash, blockOffset: 2 }]);
    const after = await block(lost.blockNumber);
    expect(after?.hash.slice(0, 18)).toBe(before?.hash.slice(0, 18));
    expect(after?.hash).not.toBe(before?.hash);
    expect(await rpc("eth_getTransactionReceipt", [lost.hash])).toBeNull();
    expect(await post("/wallet/gettransactioninfobyid", { value: plainHex(lost.hash) })).toEqual({});
    expect(await post("/wallet/getblockbyid", { value: plainHex(before?.hash ?? "") })).toEqual({});
    await expect(rpc("eth_getLogs", [{ blockHash: before?.hash }])).rejects.toThrow("-32602 invalid blockHash");
    expect(await rpc("eth_getTransactionReceipt", [kept.hash])).toMatchObject({ status: "0x1" });
  });
});
