import { randomUUID } from "node:crypto";
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { type Cursor, claimCursor } from "@/db/queries/chain";
import { networkCursors, transfers } from "@/db/schema";
import { CHAINS, type Shop, useShops } from "@/e2e/shop";
import { useWorld, type WorldNetwork } from "@/e2e/world";
import { nodesOf } from "@/lib/chains/nodes";
import { rescan } from "./rescan";
import { Scanner } from "./scan";

/** Several scanners at once, scanners that die half-way, and blocks that are read again. */

const world = useWorld(["ethereum", "bsc", "tron"]);
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

/** As if its owner had given no sign of life for too long. */
const endLease = (network: WorldNetwork) =>
  db()
    .update(networkCursors)
    .set({ leaseUntil: new Date(0) })
    .where(and(eq(networkCursors.network, network), eq(networkCursors.mode, "live")));

describe.each(CHAINS)("concurrency on $network", ({ network, confirmations }) => {
  /** Reads and stores what is new, and dies before anything is matched. */
  async function readAndDie(scanner: Scanner, owner: string): Promise<void> {
    const cursor = await claimCursor(db(), network, owner, 10);
    if (!cursor) throw new Error("another one has the lease");
    await nodesOf(network).run((node) => scanner["read"](node, cursor));
  }

  it("lets one scanner work and the other do nothing, until the first is silent for too long", async () => {
    const shop = shopOf(network);
    const [a, b] = [new Scanner(network, randomUUID()), new Scanner(network, randomUUID())];
    await endLease(network);
    await a.tick();
    const at = await shop.scanned();
    await shop.node.mine(2);
    expect(await b.tick()).toBe(false);
    expect(await shop.scanned()).toBe(at);
    await endLease(network);
    await b.tick();
    expect(await shop.scanned()).toBe(at + 2);
    await shop.node.mine(1);
    expect(await a.tick()).toBe(false);
    expect(await shop.scanned()).toBe(at + 2);
    await endLease(network);
  });

  it("credits once what two scanners read at the same moment, whoever stores it, and leaves no hole", async () => {
    const shop = shopOf(network);
    const scanners = [1, 2, 3].map(() => ({ owner: randomUUID(), scanner: new Scanner(network, "") }));
    const invoices = [await shop.invoice("11"), await shop.invoice("12"), await shop.invoice("13")];
    for (const invoice of invoices) await shop.pay(invoice);
    await shop.node.mine(confirmations + 4);
    const cursors: Cursor[] = [];
    for (const { owner } of scanners) {
      await endLease(network);
      const cursor = await claimCursor(db(), network, owner, 10);
      if (cursor) cursors.push(cursor);
    }
    expect(cursors).toHaveLength(3);
    // All three hold the same cursor. The compare-and-set lets one through at each step; the slower ones are told.
    const results = await Promise.allSettled(
      scanners.map(({ scanner }, i) => nodesOf(network).run((node) => scanner["read"](node, cursors[i] as Cursor))),
    );
    expect(results.filter((result) => result.status === "fulfilled").length).toBeGreaterThan(0);
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
    await endLease(network);
    await Promise.all([world.scanner(network).tick(), world.scanner(network).tick()]);
    await world.tick();
    for (const invoice of invoices) {
      expect(await shop.state(invoice)).toBe("confirmed");
      expect(await shop.transfersTo(invoice)).toHaveLength(1);
      expect(await shop.paymentsOf(invoice)).toHaveLength(1);
      expect(shop.webhooks(invoice)).toEqual(["invoice.confirmed"]);
    }
  });

  it("matches what a scanner stored that died before it matched, even while no node answers", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await endLease(network);
    const owner = randomUUID();
    await readAndDie(new Scanner(network, owner), owner);
    expect(await shop.transfersTo(invoice)).toHaveLength(1);
    expect(await shop.state(invoice)).toBe("pending");
    await endLease(network);
    shop.first.setFault({ kind: "reset" });
    world.restart();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    shop.first.clear();
    world.restart();
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("credits in time what such a scanner stored, although the invoice's time is over when the next one comes", async () => {
    const shop = shopOf(network);
    const made = (await shop.node.head()).timestamp + 60;
    const invoice = await shop.invoice("21", { from: made, until: made + 10 });
    await shop.node.setNextTimestamp(made + 10);
    await shop.pay(invoice);
    await shop.node.setNextTimestamp(made + 500);
    await shop.node.mine(1);
    await endLease(network);
    const owner = randomUUID();
    await readAndDie(new Scanner(network, owner), owner);
    await endLease(network);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(shop.webhooks(invoice)).toEqual(["invoice.confirmed"]);
  });

  it("loses and doubles nothing when two scanners undo the same reorg", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.node.mine(2);
    const sent = await shop.pay(invoice);
    await world.tick();
    await shop.node.reorg(2, [{ tx: sent.hash, blockOffset: 0 }]);
    const [a, b] = [new Scanner(network, ""), new Scanner(network, "")];
    await endLease(network);
    const cursor = await claimCursor(db(), network, randomUUID(), 10);
    await Promise.allSettled(
      [a, b].map((scanner) => nodesOf(network).run((node) => scanner["read"](node, cursor as Cursor))),
    );
    await endLease(network);
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
    expect(await shop.paymentsOf(invoice)).toHaveLength(1);
  });

  it("adds by a rescan only what is missing, and pays an expired invoice whose payment was in its window", async () => {
    const shop = shopOf(network);
    const made = (await shop.node.head()).timestamp + 60;
    const window = { from: made, until: made + 60 };
    const [missed, known] = [await shop.invoice("31", window), await shop.invoice("32", window)];
    await shop.node.setNextTimestamp(made + 5);
    const first = await shop.pay(missed);
    await shop.pay(known);
    await shop.node.setNextTimestamp(made + 500);
    await shop.node.mine(confirmations + 4);
    const owner = randomUUID();
    await endLease(network);
    await readAndDie(new Scanner(network, owner), owner);
    await db().delete(transfers).where(eq(transfers.toAddressKey, missed.to));
    await endLease(network);
    // The second look would find it too.
    await db().update(networkCursors).set({ lookedNumber: 1_000_000_000 }).where(eq(networkCursors.network, network));
    await world.tick();
    expect([await shop.state(missed), await shop.state(known)]).toEqual(["expired", "confirmed"]);

    const at = await shop.scanned();
    const range = { network, from: first.blockNumber, to: at + 1000 };
    expect(await rescan(range)).toEqual({ ...range, to: at, found: 2, added: 1 });
    expect(await rescan(range)).toMatchObject({ found: 2, added: 0 });
    expect(await shop.scanned()).toBe(at);
    await world.tick();
    expect(await shop.state(missed)).toBe("confirmed");
    expect(shop.webhooks(missed)).toEqual(["invoice.expired", "invoice.confirmed"]);
    expect(shop.webhooks(known)).toEqual(["invoice.confirmed"]);
  });

  it("rescans through a provider's range limit, and beside a running scanner", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const sent = await shop.pay(invoice);
    await shop.node.mine(confirmations + 30);
    await world.tick();
    shop.first.setFault({ kind: "rangeLimit", blocks: 4 });
    const [result] = await Promise.all([
      rescan({ network, from: Math.max(0, sent.blockNumber - 10), to: sent.blockNumber + 20 }),
      world.scanner(network).tick(),
    ]);
    expect(result).toMatchObject({ found: 1, added: 0 });
    await world.tick();
    expect(await shop.state(invoice)).toBe("confirmed");
  });
});
