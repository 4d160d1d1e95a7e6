import { describe, expect, it } from "vitest";
import { type Shop, useShops } from "@/e2e/shop";
import { randomAddress, useWorld } from "@/e2e/world";

/** Two stretches are asked for at a time: what happens to one while the other is read. */

const world = useWorld(["ethereum"]);
const shops = useShops(world, ["ethereum"]);
const shop = () => shops.get("ethereum") as Shop;

type Call = { method: string; params?: unknown };
const fromOf = (call: Call): number => Number((call.params as { fromBlock?: string }[])[0]?.fromBlock);
const toOf = (call: Call): number => Number((call.params as { toBlock?: string }[])[0]?.toBlock);

/** Ranges of ten blocks and 24 blocks to read: two whole ranges and a part of one. @returns where the first begins. */
async function smallRanges(): Promise<number> {
  world.restart();
  world.scanner("ethereum")["nearRange"] = 10;
  return (await shop().scanned()) + 1;
}

/** Holds back the range that begins at a block. @returns when it was asked for. */
function holdRange(from: number, ms: number): Promise<void> {
  return new Promise((asked) => {
    const where = (call: Call) => {
      if (fromOf(call) !== from) return false;
      asked();
      return true;
    };
    shop().first.setFault({ kind: "delay", ms, methods: ["eth_getLogs"], where, times: 1 });
  });
}

describe("two stretches in flight", () => {
  it("are asked for together, apart from receipts, and stored in order", async () => {
    const invoice = await shop().invoice();
    await shop().pay(invoice);
    await shop().node.mine(23);
    const from = await smallRanges();
    const second = holdRange(from + 10, 400);
    const ticked = world.tick();
    await second;
    await expect.poll(() => shop().scanned(), { interval: 10 }).toBe(from + 9);
    expect(await shop().transfersTo(invoice)).toHaveLength(1);
    await ticked;
    expect(await shop().scanned()).toBe(from + 23);
  });

  it("are refused one by one: the first is stored, what comes after it is asked for in smaller ranges", async () => {
    const invoices = [await shop().invoice("11"), await shop().invoice("12"), await shop().invoice("13")];
    const from = await smallRanges();
    for (const invoice of invoices) {
      await shop().pay(invoice);
      await shop().node.mine(7);
    }
    const asked: number[] = [];
    const where = (call: Call) => {
      asked.push(fromOf(call));
      return fromOf(call) === from + 10 && toOf(call) === from + 19;
    };
    // The whole request is refused: another range, or receipts, in its batch would be refused with it.
    shop().first.setFault({ kind: "http", status: 413, methods: ["eth_getLogs"], where });
    await world.tick();
    expect(await shop().scanned()).toBe(from + 23);
    expect(asked.filter((block) => block === from)).toHaveLength(1);
    expect(asked.filter((block) => block === from + 10)).toHaveLength(2);
    for (const invoice of invoices) {
      expect(await shop().transfersTo(invoice)).toHaveLength(1);
      expect(await shop().state(invoice)).not.toBe("pending");
    }
    expect((await shop().health()).nodes[0]?.error).toBeNull();
  });

  it("miss no wallet that is added while they are read", async () => {
    const to = randomAddress("ethereum") as `0x${string}`;
    await shop().node.mine(12);
    const from = await smallRanges();
    const early = await shop().node.sendTransfer({ to, value: 7n });
    await shop().node.mine(14);
    const second = holdRange(from + 10, 400);
    expect(early.blockNumber).toBeGreaterThanOrEqual(from + 10);
    const ticked = world.tick();
    await second;
    await world.newWallet("ethereum", undefined, to);
    await ticked;
    expect(await shop().scanned()).toBeGreaterThan(early.blockNumber);
    expect(await shop().transfersTo({ to: to.toLowerCase() })).toMatchObject([{ txHash: early.hash }]);
  });

  it("can have a reorg between them: the first is undone as far as it goes, and read again", async () => {
    const [gone, moved] = [await shop().invoice("21"), await shop().invoice("22")];
    await smallRanges();
    await shop().node.mine(4);
    const from = await shop().scanned();
    await shop().pay(gone);
    const sent = await shop().node.sendTransfer({ ...moved, from: shop().node.accounts[4] });
    await shop().node.mine(17);
    const second = holdRange(from + 11, 1_000);
    const ticked = world.tick();
    await second;
    await expect.poll(() => shop().scanned(), { interval: 10 }).toBe(from + 10);
    expect(await shop().transfersTo(gone)).toMatchObject([{ status: "canonical" }]);
    // Everything after the first block of the range that is stored by now.
    await shop().node.reorg(20, [{ tx: sent.hash, blockOffset: 15 }]);
    await ticked;
    await shop().node.mine(1);
    await world.tick();
    expect(await shop().transfersTo(gone)).toMatchObject([{ status: "orphaned" }]);
    expect(await shop().transfersTo(moved)).toMatchObject([{ status: "canonical" }]);
    expect((await shop().transfersTo(moved))[0]?.blockHash).not.toBe(sent.blockHash);
    await shop().settle();
    expect([await shop().state(gone), await shop().state(moved)]).toEqual(["pending", "confirmed"]);
    expect(await shop().paymentsOf(moved)).toHaveLength(1);
  });
});
