import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { findCursor } from "@/db/queries/chain";
import type { Fault } from "@/e2e/chain/faults";
import { CHAINS, type Shop, type ShopInvoice, useShops } from "@/e2e/shop";
import { randomAddress, useWorld, type WorldNetwork } from "@/e2e/world";

/** Nodes that say what is not so. Two URLs a network: the first lies, the second tells the truth. */

const world = useWorld(["ethereum", "bsc", "tron"], {}, { secondUrls: true });
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

const bothUrls = (shop: Shop, fault: Fault) => [shop.first.setFault(fault), shop.second.setFault(fault)];
const forgery = (shop: Shop, { to, value }: ShopInvoice, more: object = {}): Fault => ({
  kind: "forgedLog",
  transfer: { token: shop.node.token, to, value, ...more },
});

describe.each(CHAINS)("lies on $network", ({ network }) => {
  it("takes no log of another block than the header's: the other URL is read, with one URL nothing moves", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    const faults = bothUrls(shop, { kind: "wrongBlockHash" });
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect((await shop.health()).error).toContain("another block");
    faults[1]?.clear();
    world.restart();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).nodes[0]?.error).toContain("another block");
  });

  it("drops a forged log that has no receipt, and reads the block from the other URL", async () => {
    const shop = shopOf(network);
    const [forged, real] = [await shop.invoice("11"), await shop.invoice("12")];
    shop.first.setFault(forgery(shop, forged, { receipt: false }));
    await shop.pay(real);
    await world.tick();
    expect([await shop.state(forged), await shop.state(real)]).toEqual(["pending", "seen"]);
    expect((await shop.health()).nodes[0]?.error).toContain("no receipt");
    await shop.settle();
    expect([await shop.state(forged), await shop.state(real)]).toEqual(["pending", "confirmed"]);
  });

  it("holds back for good a payment whose log and receipt one node forged, and says so in health", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.first.setFault(forgery(shop, invoice));
    await shop.node.mine(1);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    await shop.settle();
    await shop.node.mine(25);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).error).toContain("nodes disagree about transaction");
    // Not even when a minute has passed: the second URL has that block, it is not behind.
    const check = world.scanner(network)["finalCheck"];
    for (const id of check["unknownSince"].keys()) check["unknownSince"].set(id, Date.now() - 60_001);
    await world.tick();
    world.restart();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect(shop.webhooks(invoice)).toEqual([]);
    await shop.forget(invoice);
  });

  it("holds back a forged transfer in a transaction that is real: the log itself is compared, not only its receipt", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const sent = await shop.node.sendTransfer({ to: randomAddress() as never, value: 1n });
    const { blockNumber, hash: transactionHash } = sent;
    shop.first.setFault(forgery(shop, invoice, { blockNumber, transactionHash }));
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    await shop.settle();
    await shop.node.mine(25);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).error).toContain("nodes disagree about transaction");
    await shop.forget(invoice);
  });

  it("holds back a payment whose amount one node changed, and confirms one it told the truth about beside it", async () => {
    const shop = shopOf(network);
    const [cheated, honest] = [await shop.invoice("21"), await shop.invoice("22")];
    const change = (result: unknown): unknown =>
      JSON.parse(JSON.stringify(result), (_key, value) =>
        value === word(cheated.value - 1n) ? word(cheated.value) : value,
      );
    shop.first.setFault({ kind: "rewrite", result: change, methods: ["eth_getLogs", "eth_getTransactionReceipt"] });
    await shop.node.sendTransfer({ to: cheated.to, value: cheated.value - 1n });
    await shop.pay(honest);
    await world.tick();
    expect([await shop.state(cheated), await shop.state(honest)]).toEqual(["seen", "seen"]);
    await shop.settle();
    expect([await shop.state(cheated), await shop.state(honest)]).toEqual(["seen", "confirmed"]);
    await shop.forget(cheated);
  });

  it.each(["hash", "parentHash", "number", "timestamp"] as const)(
    "reads the other URL where the %s of headers does not fit, quickly, and undoes nothing",
    async (field) => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      await shop.pay(invoice);
      await world.tick();
      // The times of single blocks only: a node that shifts all of them is not found out by its own answers.
      const where = field === "timestamp" ? oddHeights : undefined;
      const fault = shop.first.setFault({ kind: "wrongHeader", field, ...(where && { methods: [BY_NUMBER], where }) });
      await shop.node.mine(4);
      const began = Date.now();
      await world.tick();
      expect(Date.now() - began).toBeLessThan(2_500);
      expect(fault.strikes).toBeLessThan(20);
      expect(await shop.scanned()).toBe((await shop.node.head()).number);
      expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
      expect((await shop.health()).nodes[0]?.error).not.toBeNull();
    },
  );

  it("calls a conflict inside one node's answers a bad node, never a reorg: with one URL it stands still", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await world.tick();
    const at = await shop.scanned();
    bothUrls(shop, { kind: "wrongHeader", field: "parentHash" });
    await shop.node.mine(3);
    await world.tick();
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
    expect((await shop.health()).error).toMatch(/contradicts itself|does not follow/);
  });

  it("refuses a node of another chain, says so in health, and reads the other URL", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.first.setFault({ kind: "chainId", chainId: 97 });
    world.restart();
    shop.first.resetCounts();
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).nodes[0]?.error).toContain("wrong chain: it has id 97");
    // Nothing else is asked of it.
    expect(Object.keys(shop.first.calls).sort()).toEqual(["eth_chainId", "eth_getCode"]);
  });

  it("refuses a node without the token's code; where every URL is so, the network stands still and health names it", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    const faults = bothUrls(shop, { kind: "noCode" });
    world.restart();
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect((await shop.health()).error).toContain("there is no token contract at");
    for (const fault of faults) fault.clear();
    world.restart();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).error).toBeNull();
  });

  it("counts no look-alike: other contracts, other shapes of log, nothing at all, native coins, approvals", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const { to, value } = invoice;
    const fake = randomAddress() as `0x${string}`;
    await shop.node.placeToken(fake, shop.decimals);
    await shop.node.sendTransfer({ to, value, token: fake });
    for (const form of ["fourTopics", "longData", "noData", "shortData", "twoTopics", "approval"] as const) {
      await shop.node.sendLookAlike(form, { to, value });
    }
    await shop.node.sendTransferFrom(shop.node.accounts[1] as never, shop.node.accounts[0] as never, { to, value: 0n });
    await shop.node.sendNative({ to, wei: 10n ** 18n });
    await shop.settle();
    expect(await shop.state(invoice)).toBe("pending");
    expect(await shop.transfersTo(invoice)).toEqual([]);
    expect((await shop.health()).error).toBeNull();
  });

  it("drops another contract's log that a node slips in among the token's", async () => {
    const shop = shopOf(network);
    const [invoice, other] = [await shop.invoice("41"), await shop.invoice("42")];
    type Log = { address: string; topics: string[]; logIndex: string };
    const slipIn = (result: unknown) =>
      (result as Log[]).flatMap((log) => {
        const topics = [log.topics[0], log.topics[1], word(BigInt(invoice.to))];
        return [log, { ...log, address: randomAddress(), topics, logIndex: "0x3e8", data: word(invoice.value) }];
      });
    const fault = shop.first.setFault({ kind: "rewrite", methods: ["eth_getLogs"], result: slipIn });
    await shop.pay(other);
    await world.tick();
    expect(fault.strikes).toBeGreaterThan(0);
    expect([await shop.state(invoice), await shop.state(other)]).toEqual(["pending", "seen"]);
    expect(await shop.transfersTo(invoice)).toEqual([]);
    expect((await shop.health()).nodes[0]?.error).toBeNull();
  });
});

describe.each(CHAINS.filter(({ network }) => network !== "tron"))("logs left out on $network", ({ network }) => {
  it("finds at the second look a log that one node dropped from between others", async () => {
    const shop = shopOf(network);
    const [one, two] = [await shop.invoice("31"), await shop.invoice("32")];
    shop.first.setFault({ kind: "dropLog", index: 0, methods: ["eth_getLogs"] });
    await shop.node.sendBatch([one, two]);
    await world.tick();
    expect([await shop.state(one), await shop.state(two)]).toEqual(["pending", "seen"]);
    await shop.lookAgain();
    expect([await shop.state(one), await shop.state(two)]).toEqual(["confirmed", "confirmed"]);
  });
});

const BY_NUMBER = "eth_getBlockByNumber";
const oddHeights = (call: { params?: unknown }) => Number((call.params as string[])[0]) % 2 === 1;
const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;

it("a finalized height that is said too high makes nothing final that is still to come", async () => {
  const shop = shopOf("bsc");
  const invoice = await shop.invoice();
  const tooHigh = (block: unknown) => ({ ...(block as object), number: "0xfffffff" });
  bothUrls(shop, {
    kind: "rewrite",
    methods: ["eth_getBlockByNumber"],
    where: (call) => (call.params as unknown[])[0] === "finalized",
    result: tooHigh,
  });
  await shop.pay(invoice);
  await shop.settle();
  expect(await shop.state(invoice)).toBe("confirmed");
  const cursor = await findCursor(db(), "bsc", "live");
  expect(cursor?.finalizedNumber).toBe(cursor?.scannedNumber);
});
