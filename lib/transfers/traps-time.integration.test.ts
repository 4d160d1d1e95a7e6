import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { blocks, networkCursors } from "@/db/schema";
import { tokenCalls } from "@/e2e/chain/token";
import { CHAINS, type Shop, type ShopInvoice, useShops } from "@/e2e/shop";
import { useWorld, type WorldNetwork } from "@/e2e/world";

/** Everything is decided by the time of blocks, whenever we look. Windows are set in chain time, which only goes forward. */

const world = useWorld(["ethereum", "bsc", "tron"]);
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

/** Seconds of chain time a little ahead of the head, so that the next blocks can be set to them. */
const soon = async (shop: Shop) => (await shop.node.head()).timestamp + 100;

async function payAt(shop: Shop, invoice: ShopInvoice, seconds: number): Promise<void> {
  await shop.node.setNextTimestamp(seconds);
  await shop.pay(invoice);
}

describe.each(CHAINS)("time on $network", ({ network, confirmations }) => {
  it("takes a payment from 15 s before the invoice was made, to the second, and none before", async () => {
    const shop = shopOf(network);
    const made = await soon(shop);
    const window = { from: made, until: made + 600 };
    const [early, exact] = [await shop.invoice("1", window), await shop.invoice("2", window)];
    await payAt(shop, early, made - 16);
    await payAt(shop, exact, made - 15);
    await shop.settle();
    expect([await shop.state(early), await shop.state(exact)]).toEqual(["pending", "confirmed"]);
    expect(await shop.transfersTo(early)).toHaveLength(1);
  });

  it("takes a payment in the last second of the window and none after; the block after it ends the others", async () => {
    const shop = shopOf(network);
    const made = await soon(shop);
    const window = { from: made, until: made + 50 };
    const invoices = [
      await shop.invoice("3", window),
      await shop.invoice("4", window),
      await shop.invoice("5", window),
    ];
    const [inTime, late, unpaid] = invoices as [ShopInvoice, ShopInvoice, ShopInvoice];
    await payAt(shop, inTime, made + 50);
    await world.tick();
    expect(await Promise.all(invoices.map(shop.state.bind(shop)))).toEqual(["seen", "pending", "pending"]);
    await payAt(shop, late, made + 51);
    await shop.settle();
    expect([await shop.state(inTime), await shop.state(late), await shop.state(unpaid)]).toEqual([
      "confirmed",
      "expired",
      "expired",
    ]);
  });

  it("matches by time and amount alone where several blocks share a second", async () => {
    const shop = shopOf(network);
    const made = await soon(shop);
    const window = { from: made, until: made + 10 };
    const invoices = [
      await shop.invoice("6", window),
      await shop.invoice("7", window),
      await shop.invoice("8", window),
    ];
    await shop.node.setNextTimestamp(made + 10);
    await shop.node.mine(1);
    await shop.node.setTimestampInterval(0);
    for (const invoice of invoices) await shop.pay(invoice);
    await shop.node.mine(3);
    expect((await shop.node.head()).timestamp).toBe(made + 10);
    await shop.node.setTimestampInterval(null);
    await shop.settle();
    for (const invoice of invoices) expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("comes to the same result after an outage as if it had been there: paid in time, late, never, and in flight at the end", async () => {
    const shop = shopOf(network);
    const made = await soon(shop);
    const window = { from: made, until: made + 1800 };
    const invoices: ShopInvoice[] = [];
    for (const amount of ["11", "12", "13", "14"]) invoices.push(await shop.invoice(amount, window));
    const [paid, late, never, lastMoment] = invoices as [ShopInvoice, ShopInvoice, ShopInvoice, ShopInvoice];
    await payAt(shop, paid, made + 100);
    await shop.node.mine(confirmations * 2);
    await payAt(shop, lastMoment, made + 1800);
    await payAt(shop, late, made + 1801);
    // A long way: the payments lie far behind the recent blocks.
    await shop.node.mine(600);
    world.restart();
    await world.tick();
    await world.tick();
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
    expect(await Promise.all([paid, late, never, lastMoment].map((invoice) => shop.state(invoice)))).toEqual([
      "confirmed",
      "expired",
      "expired",
      "confirmed",
    ]);
    expect([shop.webhooks(paid), shop.webhooks(late), shop.webhooks(lastMoment)]).toEqual([
      ["invoice.confirmed"],
      ["invoice.expired"],
      ["invoice.confirmed"],
    ]);
    // The late one is kept, and pays nothing.
    expect(await shop.transfersTo(late)).toMatchObject([{ status: "canonical" }]);
    expect(await shop.paymentsOf(late)).toEqual([]);
  });

  it("expires nothing by the wall clock while the chain cannot be read", async () => {
    const shop = shopOf(network);
    const { timestamp } = await shop.node.head();
    const invoice = await shop.invoice("15", { from: timestamp - 3600, until: timestamp + 1 });
    await payAt(shop, invoice, timestamp + 1);
    await shop.node.setNextTimestamp(timestamp + 500);
    await shop.node.mine(1);
    const fault = shop.first.setFault({ kind: "reset" });
    for (let i = 0; i < 3; i++) await world.tick();
    expect(await shop.state(invoice)).toBe("pending");
    fault.clear();
    world.restart();
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("begins far enough back when its first start finds an open invoice and a node that was away", async () => {
    const shop = shopOf(network);
    const made = await soon(shop);
    await db()
      .delete(networkCursors)
      .where(and(eq(networkCursors.network, network), eq(networkCursors.mode, "live")));
    await db().delete(blocks).where(eq(blocks.network, network));
    const fault = shop.first.setFault({ kind: "reset" });
    world.restart();
    const window = { from: made, until: made + 600 };
    const [paid, unpaid] = [await shop.invoice("16", window), await shop.invoice("17", window)];
    await world.tick();
    expect((await shop.health()).status).toBe("failing");
    // Within the skew: the first block that may count.
    await payAt(shop, paid, made - 15);
    await shop.node.mine(300);
    await shop.node.setNextTimestamp(made + 601);
    await shop.node.mine(confirmations);
    fault.clear();
    world.restart();
    await world.tick();
    await world.tick();
    expect([await shop.state(paid), await shop.state(unpaid)]).toEqual(["confirmed", "expired"]);
    expect((await shop.health()).status).toBe("ok");
  });

  it("pays the older of two transfers in one block that fit the same invoice, and keeps the other", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice("18");
    const sent = await shop.node.inOneBlock([
      { ...tokenCalls.transfer(invoice), from: shop.node.accounts[2] },
      { ...tokenCalls.transfer(invoice), from: shop.node.accounts[3] },
    ]);
    const { timestamp } = await shop.node.head();
    await shop.setWindow(invoice.id, { from: timestamp - 10, until: timestamp + 600 });
    await shop.settle();
    expect(await shop.read(invoice)).toMatchObject({ status: "confirmed", txHash: shop.printed(sent[0]?.hash ?? "") });
    expect(await shop.transfersTo(invoice)).toHaveLength(2);
    expect(await shop.paymentsOf(invoice)).toHaveLength(1);
  });
});
