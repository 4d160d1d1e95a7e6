import { and, eq, lt } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { db } from "@/db/client";
import { blocks, transfers } from "@/db/schema";
import { tokenCalls } from "@/e2e/chain/token";
import { CHAINS, type Shop, useShops } from "@/e2e/shop";
import { randomAddress, useWorld, type WorldNetwork } from "@/e2e/world";
import { log } from "@/lib/log";

/** What was on the chain and is not any more. */

const world = useWorld(["ethereum", "bsc", "tron"]);
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

/** A transaction of nobody's: empty blocks mined anew may come out the same to the last bit. */
const stranger = (shop: Shop) => ({
  ...tokenCalls.transfer({ to: randomAddress() as never, value: 9n }),
  from: shop.node.accounts[5] as `0x${string}`,
});

describe.each(CHAINS)("reorgs on $network", ({ network, confirmations }) => {
  it("undoes silently what leaves before it is confirmed: same height, other hash, no event", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const sent = await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    const head = await shop.node.reorg(1);
    expect(head.number).toBe(sent.blockNumber);
    await world.tick();
    expect(await shop.state(invoice)).toBe("pending");
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "orphaned" }]);
    await shop.settle();
    expect(shop.webhooks(invoice)).toEqual([]);
    const [row] = await db()
      .select()
      .from(blocks)
      .where(and(eq(blocks.network, network), eq(blocks.number, sent.blockNumber)));
    expect(row?.hash).not.toBe(sent.blockHash);
  });

  it("keeps a confirmed invoice confirmed when its transfer leaves, and reports it as an error", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    const error = vi.spyOn(log, "error");
    await shop.node.reorg(confirmations + 6);
    await world.tick();
    const told = error.mock.calls.map(([data]) => data as unknown as { invoiceId?: string });
    error.mockRestore();
    expect(told.filter(({ invoiceId }) => invoiceId === invoice.id)).toHaveLength(1);
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "orphaned" }]);
    expect((await shop.health()).orphanedPayments).toBeGreaterThan(0);
    // Included again, it is what it was: no second payment, no second webhook.
    const again = await shop.pay(invoice);
    await shop.settle();
    expect(again.hash).toBeTruthy();
    expect(await shop.paymentsOf(invoice)).toHaveLength(1);
    expect(shop.webhooks(invoice)).toEqual(["invoice.confirmed"]);
    await shop.forget(invoice);
  });

  it("keeps the identity of a transfer that moves to another block and another place there", async () => {
    const shop = shopOf(network);
    const [one, two] = [await shop.invoice("21"), await shop.invoice("22")];
    await shop.node.mine(3);
    const sent = await shop.node.sendBatch([one, two]);
    await shop.node.mine(1);
    await world.tick();
    const before = [...(await shop.transfersTo(one)), ...(await shop.transfersTo(two))];
    // Another transaction with a log comes first in the new block.
    await shop.node.reorg(4, [
      { tx: stranger(shop), blockOffset: 2 },
      { tx: sent.hash, blockOffset: 2 },
    ]);
    await world.tick();
    const after = [...(await shop.transfersTo(one)), ...(await shop.transfersTo(two))];
    expect(after.map(({ id, ordinal }) => ({ id, ordinal }))).toEqual(
      before.map(({ id, ordinal }) => ({ id, ordinal })),
    );
    expect(after.map((row) => row.logIndex)).toEqual(before.map((row) => row.logIndex + 1));
    for (const row of after) expect(row.blockHash).not.toBe(before[0]?.blockHash);
    await shop.settle();
    expect([await shop.state(one), await shop.state(two)]).toEqual(["confirmed", "confirmed"]);
    expect(await shop.paymentsOf(one)).toHaveLength(1);
  });

  it("waits while the chain is merely shorter, and undoes when it grows back otherwise", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.node.mine(3);
    await shop.pay(invoice);
    await shop.node.mine(1);
    await world.tick();
    const at = await shop.scanned();
    await shop.node.rollback(3);
    await world.tick();
    // A node that has fewer blocks is no evidence.
    expect(await shop.scanned()).toBe(at);
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).error).toContain("was read already");
    await shop.node.mine(2);
    await world.tick();
    // Still lower, but with another block where one was read.
    expect(await shop.state(invoice)).toBe("pending");
    expect(await shop.scanned()).toBe(at - 1);
    await shop.node.mine(5);
    await world.tick();
    expect(await shop.scanned()).toBe(at + 4);
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "orphaned" }]);
  });

  it("undoes a deep one, 70 blocks, and credits in the new chain what is in there", async () => {
    const shop = shopOf(network);
    await shop.node.mine(75);
    await world.tick();
    const [gone, kept] = [await shop.invoice("31"), await shop.invoice("32")];
    const { number } = await shop.node.head();
    await shop.pay(gone);
    const sent = await shop.node.sendTransfer({ ...kept, from: shop.node.accounts[4] });
    await world.tick();
    await shop.node.reorg(70, [{ tx: stranger(shop) }, { tx: sent.hash, blockOffset: 30 }]);
    await world.tick();
    await world.tick();
    expect([await shop.state(gone), await shop.state(kept)]).toEqual(["pending", "confirmed"]);
    expect(await shop.transfersTo(gone)).toMatchObject([{ status: "orphaned" }]);
    expect((await shop.transfersTo(kept))[0]?.blockNumber).toBe(number + 2 - 70 + 31);
  });

  it("finds one that happened while the gateway was down, however far the chain has gone on", async () => {
    const shop = shopOf(network);
    const [gone, moved] = [await shop.invoice("41"), await shop.invoice("42")];
    await shop.node.mine(5);
    await shop.pay(gone);
    const sent = await shop.node.sendTransfer({ ...moved, from: shop.node.accounts[4] });
    await world.tick();
    expect(await shop.state(gone)).toBe("seen");
    await shop.node.reorg(4, [{ tx: stranger(shop) }, { tx: sent.hash, blockOffset: 3 }]);
    await shop.node.mine(network === "bsc" ? 700 : 300);
    world.restart();
    await world.tick();
    await world.tick();
    expect([await shop.state(gone), await shop.state(moved)]).toEqual(["pending", "confirmed"]);
    expect(shop.webhooks(moved)).toEqual(["invoice.confirmed"]);
  });

  it("halts at one that is deeper than what is stored, says so in health, and loses and undoes nothing", async () => {
    const shop = shopOf(network);
    await shop.node.mine(12);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await world.tick();
    const at = await shop.scanned();
    await db()
      .delete(blocks)
      .where(and(eq(blocks.network, network), lt(blocks.number, at - 3)));
    await shop.node.reorg(10, [{ tx: stranger(shop) }]);
    await shop.node.mine(2);
    await world.tick();
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect((await shop.health()).error).toContain("none of the 4 recent blocks is on this node's chain");
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
    expect(await shop.state(invoice)).toBe("seen");
    // What a person does then: the stored blocks are made good, and reading goes on by itself.
    const base = await shop.node.head(at - 10);
    const header = (await ask(shop, base.number)) as { hash: string; parentHash: string };
    const time = new Date(base.timestamp * 1000);
    await db()
      .insert(blocks)
      .values({ network, number: base.number, hash: header.hash, parentHash: header.parentHash, time });
    await world.tick();
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
    expect(await shop.state(invoice)).toBe("pending");
  });

  it("decides anew when one crosses the end of the window: out of it, back inside it, back too late", async () => {
    const shop = shopOf(network);
    const made = (await shop.node.head()).timestamp + 60;
    const window = { from: made, until: made + 30 };
    const [outside, inside] = [await shop.invoice("51", window), await shop.invoice("52", window)];
    await shop.node.setNextTimestamp(made + 10);
    const first = await shop.pay(outside);
    const second = await shop.pay(inside);
    await world.tick();
    expect([await shop.state(outside), await shop.state(inside)]).toEqual(["seen", "seen"]);
    await shop.node.reorg(2, []);
    await world.tick();
    expect([await shop.state(outside), await shop.state(inside)]).toEqual(["pending", "pending"]);
    expect([first.status, second.status]).toEqual(["success", "success"]);
    // The window of one is over when its payment is in a block again, that of the other is not.
    await shop.setWindow(inside.id, { from: made, until: made + 5_000 });
    await shop.node.setNextTimestamp(made + 31);
    await shop.pay(outside);
    await shop.pay(inside);
    await shop.settle();
    expect([await shop.state(outside), await shop.state(inside)]).toEqual(["expired", "confirmed"]);
  });

  it("credits an expired invoice whose payment a late reorg puts back inside its window", async () => {
    const shop = shopOf(network);
    const made = (await shop.node.head()).timestamp + 60;
    const invoice = await shop.invoice("53", { from: made, until: made + 30 });
    await shop.node.setNextTimestamp(made + 10);
    await shop.node.mine(1);
    await shop.node.setNextTimestamp(made + 31);
    await shop.node.mine(3);
    await world.tick();
    expect(await shop.state(invoice)).toBe("expired");
    await shop.node.rollback(4);
    await shop.node.setNextTimestamp(made + 20);
    await shop.pay(invoice);
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(shop.webhooks(invoice)).toEqual(["invoice.expired", "invoice.confirmed"]);
  });

  it("takes empty logs for no evidence at all: nothing is orphaned without another hash", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await world.tick();
    shop.first.setFault({ kind: "emptyLogs" });
    await shop.node.mine(confirmations + 3);
    await world.tick();
    await world.scanner(network).rescan(0, await shop.scanned());
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
    shop.first.clear();
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("takes back nothing for a node that lacks the newest blocks when it is asked how far a reorg goes", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await shop.node.mine(4);
    await world.tick();
    const at = await shop.scanned();
    // One backend's header does not fit, another's answers end ten blocks below: no block has another hash.
    shop.first.setFault({ kind: "wrongHeader", field: "parentHash", methods: ["eth_getBlockByNumber"], times: 1 });
    shop.first.setFault({
      kind: "nullResult",
      methods: ["eth_getBlockByNumber"],
      where: (call) => Number((call.params as string[])[0]) > at - 10,
    });
    await shop.node.mine(1);
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
    expect((await shop.health()).error).toContain("lacks blocks");
  });

  it("undoes a transfer that was called failed with the rest, and meets it anew", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const failed = (receipt: unknown) => receipt && { ...(receipt as object), status: "0x0" };
    const fault = shop.first.setFault({ kind: "rewrite", methods: ["eth_getTransactionReceipt"], result: failed });
    const sent = await shop.pay(invoice);
    await world.tick();
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "failed" }]);
    fault.clear();
    await shop.node.reorg(1, [{ tx: stranger(shop) }, { tx: sent.hash }]);
    await shop.node.mine(1);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect(
      await db()
        .select()
        .from(transfers)
        .where(eq(transfers.txHash, shop.printed(sent.hash))),
    ).toHaveLength(1);
  });
});

/** A header as this network's own node tells it: Tron's hashes are not those of the chain beneath. */
async function ask(shop: Shop, number: number): Promise<unknown> {
  const url = shop.network === "tron" ? `${shop.first.url}/jsonrpc` : shop.first.url;
  const params = [`0x${number.toString(16)}`, false];
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getBlockByNumber", params }),
  });
  return ((await response.json()) as { result: unknown }).result;
}
