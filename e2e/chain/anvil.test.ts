import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Hex } from "viem";
import { afterEach, describe, expect, it } from "vitest";
import { type Anvil, type AnvilOptions, chainIds, startAnvil } from "./anvil";
import { anvilBinary } from "./anvil-process";
import { callNode } from "./rpc";
import { tokenCalls } from "./token";

const alice = "0x00000000000000000000000000000000000A11CE";

let running: Anvil[] = [];
afterEach(async () => {
  await Promise.all(running.map((anvil) => anvil.stop()));
  running = [];
});
async function start(options: AnvilOptions): Promise<Anvil> {
  const anvil = await startAnvil(options);
  running.push(anvil);
  return anvil;
}

describe("startAnvil", () => {
  it.each([
    [chainIds.ethereum, "0xdAC17F958D2ee523a2206206994597C13D831ec7", 6],
    [chainIds.bsc, "0x55d398326f99059fF775485246999027B3197955", 18],
    [chainIds.tron, "0xa614f803B6FD780986A42c78Ec9c7f77e6DeD13C", 6],
  ])(
    "puts the token of chain %i at its real address, with its decimals and rich accounts",
    async (chainId, token, decimals) => {
      const anvil = await start({ chainId });
      expect(Number(await anvil.rpc("eth_chainId"))).toBe(chainId);
      expect(anvil.token).toBe(token);
      expect(BigInt(await anvil.rpc<Hex>("eth_call", [{ to: token, data: "0x313ce567" }, "latest"]))).toBe(
        BigInt(decimals),
      );
      for (const account of anvil.accounts) expect(await anvil.balanceOf(account)).toBe(10n ** BigInt(12 + decimals));
      expect((await anvil.head()).number).toBe(1);
      expect(await anvil.rpc("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }])).toEqual([]);
    },
  );

  it("mines each transaction at once by default and tells its block", async () => {
    const anvil = await start({ chainId: 1 });
    const sent = await anvil.sendTransfer({ to: alice, value: 5n });
    expect(sent).toMatchObject({ blockNumber: 2, status: "success", logIndexes: [0] });
    expect((await anvil.head()).hash).toBe(sent.blockHash);
    expect((await anvil.mine(250)).number).toBe(252);
  });

  it("starts at a given time, jumps in time and repeats timestamps", async () => {
    const anvil = await start({ chainId: 1, timestamp: 1_700_000_000 });
    expect(Math.abs((await anvil.head()).timestamp - 1_700_000_000)).toBeLessThan(30);
    await anvil.setNextTimestamp(1_700_001_000);
    expect((await anvil.mine()).timestamp).toBe(1_700_001_000);
    await anvil.increaseTime(500);
    expect((await anvil.mine()).timestamp).toBeGreaterThanOrEqual(1_700_001_500);
    const { timestamp } = await anvil.head();
    expect((await anvil.mine(3, { intervalSeconds: 10 })).timestamp).toBeGreaterThanOrEqual(timestamp + 20);
    await anvil.setTimestampInterval(0);
    const same = (await anvil.mine(3)).timestamp;
    expect(
      (await anvil.head(5)).timestamp <= same && (await anvil.head((await anvil.head()).number - 1)).timestamp === same,
    ).toBe(true);
  });

  it("mines on a clock when asked to", async () => {
    const anvil = await start({ chainId: 56, blockTimeSeconds: 0.2 });
    const first = await anvil.sendTransfer({ to: alice, value: 1n });
    const second = await anvil.sendTransfer({ to: alice, value: 1n });
    expect(second.blockNumber).toBeGreaterThan(first.blockNumber);
  });

  it("pauses its clock while it fills one block or reorganises, and goes on afterwards", async () => {
    const anvil = await start({ chainId: 56, blockTimeSeconds: 0.05 });
    const calls = Array.from({ length: 20 }, (_, value) => tokenCalls.transfer({ to: alice, value: BigInt(value) }));
    const sent = await anvil.inOneBlock(calls);
    expect(new Set(sent.map(({ blockNumber }) => blockNumber)).size).toBe(1);
    const { number } = await anvil.head();
    await expect.poll(async () => (await anvil.head()).number).toBeGreaterThan(number + 3);
    anvil.setIntervalMining(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = await anvil.head();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await anvil.head()).toEqual(stopped);
  });

  it("moves native coins without a log", async () => {
    const anvil = await start({ chainId: 1 });
    const before = BigInt(await anvil.rpc<Hex>("eth_getBalance", [alice, "latest"]));
    const sent = await anvil.sendNative({ to: alice, wei: 5n });
    expect([sent.status, sent.logIndexes]).toEqual(["success", []]);
    expect(BigInt(await anvil.rpc<Hex>("eth_getBalance", [alice, "latest"]))).toBe(before + 5n);
  });

  it("puts several transactions into one block in the order given", async () => {
    const anvil = await start({ chainId: 1 });
    const sent = await anvil.inOneBlock(
      [1n, 2n, 3n].map((value, index) => ({
        ...tokenCalls.transfer({ to: alice, value }),
        from: anvil.accounts[index],
      })),
    );
    expect(new Set(sent.map(({ blockNumber }) => blockNumber)).size).toBe(1);
    expect(sent.flatMap(({ logIndexes }) => logIndexes)).toEqual([0, 1, 2]);
    expect((await anvil.sendTransfer({ to: alice, value: 4n })).blockNumber).toBe(3);
  });

  it("finalizes two epochs below the head", async () => {
    const near = await start({ chainId: 56 });
    await near.mine(50);
    expect((await near.head("finalized")).number).toBe(49);
    const far = await start({ chainId: 1, slotsInAnEpoch: 10 });
    await far.mine(50);
    expect((await far.head("finalized")).number).toBe(31);
  });

  it("sends from any address, and sends look-alike tokens", async () => {
    const anvil = await start({ chainId: 1 });
    const fake = "0x000000000000000000000000000000000000FaCe";
    await anvil.placeToken(fake, 6);
    await anvil.sendTransfer({ to: alice, value: 9n, token: fake });
    expect([await anvil.balanceOf(alice, fake), await anvil.balanceOf(alice)]).toEqual([9n, 0n]);
    await anvil.sendTransfer({ to: alice, value: 9n });
    const moved = await anvil.sendTransfer({ from: alice, to: fake, value: 4n });
    expect(moved.status).toBe("success");
  });
});

describe("reorg", () => {
  it("drops what is not named, includes again what is, and keeps the height", async () => {
    const anvil = await start({ chainId: 1 });
    await anvil.mine(10);
    const lost = await anvil.sendTransfer({ to: alice, value: 1n });
    const kept = await anvil.sendTransfer({ from: anvil.accounts[1], to: alice, value: 2n });
    await anvil.mine(3);
    const before = await anvil.head();
    const after = await anvil.reorg(8, [
      { tx: kept.hash, blockOffset: 4 },
      { tx: { ...tokenCalls.transfer({ to: alice, value: 4n }), from: anvil.accounts[2] }, blockOffset: 1 },
    ]);
    expect(after.number).toBe(before.number);
    expect(after.hash).not.toBe(before.hash);
    expect(await anvil.rpc("eth_getTransactionReceipt", [lost.hash])).toBeNull();
    const again = await anvil.included(kept.hash);
    expect(again.blockNumber).toBe(before.number - 8 + 1 + 4);
    expect(again.blockHash).not.toBe(kept.blockHash);
    expect(await anvil.balanceOf(alice)).toBe(6n);
  });

  it("reaches 64 blocks deep, keeps the token and refuses to go below block 1", async () => {
    const anvil = await start({ chainId: 56 });
    await anvil.sendTransfer({ to: alice, value: 1n });
    await anvil.mine(70);
    await anvil.reorg(64);
    expect(await anvil.balanceOf(alice)).toBe(1n);
    await anvil.reorg(71);
    expect(await anvil.balanceOf(alice)).toBe(0n);
    expect((await anvil.sendTransfer({ to: alice, value: 3n })).status).toBe("success");
    await expect(anvil.reorg(73)).rejects.toThrow("block 1 must stay");
  });

  it("goes back by rollback and by snapshot", async () => {
    const anvil = await start({ chainId: 1 });
    const id = await anvil.snapshot();
    await anvil.sendTransfer({ to: alice, value: 1n });
    await anvil.mine(4);
    await anvil.rollback(2);
    expect([(await anvil.head()).number, await anvil.balanceOf(alice)]).toEqual([4, 1n]);
    await anvil.revert(id);
    expect([(await anvil.head()).number, await anvil.balanceOf(alice)]).toEqual([1, 0n]);
  });
});

describe("the node's process", () => {
  it("is the platform's own binary", () => {
    expect(anvilBinary()).toMatch(/anvil(\.exe)?$/);
    expect(() => anvilBinary("plan9", "mips")).toThrow("npm ci");
  });

  it("is gone after stop, which may be called twice", async () => {
    const anvil = await startAnvil({ chainId: 1 });
    await anvil.stop();
    await anvil.stop();
    await expect(callNode(anvil.url, "eth_chainId")).rejects.toThrow("fetch failed");
  });

  it.each(["SIGKILL", "SIGTERM", "throw", "exit"])("dies with its test process on %s", async (way) => {
    const script = `
      import { startAnvil } from ${JSON.stringify(fileURLToPath(new URL("./anvil.ts", import.meta.url)))};
      startAnvil({ chainId: 1 }).then((anvil) => {
        console.log(anvil.url);
        if (${JSON.stringify(way)} === "throw") setTimeout(() => { throw new Error("crash"); }, 50);
        if (${JSON.stringify(way)} === "exit") setTimeout(() => process.exit(0), 50);
      });`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = line.toString().trim();
    const ended = once(child, "exit");
    if (way.startsWith("SIG")) child.kill(way as NodeJS.Signals);
    await ended;
    await expect
      .poll(
        () =>
          callNode(url, "eth_chainId").then(
            () => "alive",
            () => "gone",
          ),
        { timeout: 5_000 },
      )
      .toBe("gone");
  });
});
