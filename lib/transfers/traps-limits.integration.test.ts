import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "@/e2e/chain/faults";
import { rangeRefusals, tronGridRefusals } from "@/e2e/chain/provider-refusals";
import { CHAINS, type Shop, useShops } from "@/e2e/shop";
import { useWorld, type WorldNetwork } from "@/e2e/world";

/** Nodes that refuse, break off or do not answer. Two URLs a network. */

const world = useWorld(["ethereum", "bsc", "tron"], {}, { secondUrls: true });
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

const bothUrls = (shop: Shop, fault: Fault) => [shop.first.setFault(fault), shop.second.setFault(fault)];
const realSetTimeout = globalThis.setTimeout;
afterEach(() => {
  globalThis.setTimeout = realSetTimeout;
});
/** The clients' fifteen seconds pass in a moment. */
function shortTimeouts(ms = 500): void {
  const shortened = (handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) =>
    realSetTimeout(handler, delay === 15_000 ? ms : delay, ...args);
  globalThis.setTimeout = Object.assign(shortened, realSetTimeout) as typeof setTimeout;
}

const wordings = Object.keys(rangeRefusals) as (keyof typeof rangeRefusals)[];

describe("ranges that are refused", () => {
  it.each(wordings)("catches up through %s's refusals: ranges halve until they pass", async (wording) => {
    const shop = shopOf("ethereum");
    const invoice = await shop.invoice();
    const sent = await shop.pay(invoice);
    await shop.node.mine(24);
    bothUrls(shop, { kind: "rangeLimit", blocks: 7, wording });
    shop.first.resetCounts();
    await world.tick();
    expect(await shop.scanned()).toBe(sent.blockNumber + 24);
    // The head with its logs, two refusals (25, 12), five ranges of 6 or less.
    expect(shop.first.calls.eth_getLogs).toBeGreaterThanOrEqual(3 + 25 / 7);
    expect(await shop.state(invoice)).toBe("confirmed");
    // Refusals are no failures: nobody rests for them.
    expect((await shop.health()).nodes.map((node) => node.error)).toEqual([null, null]);
  });

  it.each(["infuraResults", "alchemySize", "erigonResults"] as const)(
    "catches up through a limit of results as %s words it",
    async (wording) => {
      const shop = shopOf("ethereum");
      const invoices = [await shop.invoice("51"), await shop.invoice("52"), await shop.invoice("53")];
      for (const invoice of invoices) await shop.pay(invoice);
      await shop.node.mine(20);
      bothUrls(shop, { kind: "resultLimit", logs: 1, wording });
      await world.tick();
      for (const invoice of invoices) expect(await shop.state(invoice)).toBe("confirmed");
    },
  );

  it("does not ask for too much every other time, and grows the range back when the provider allows more", async () => {
    const shop = shopOf("ethereum");
    const scanner = world.scanner("ethereum");
    shop.first.setFault({ kind: "rangeLimit", blocks: 6 });
    await shop.node.mine(120);
    shop.first.resetCounts();
    await world.tick();
    // The head with its logs, three refusals on the way from 50 to 6, twenty ranges of 6, one try of 12; a refused range was
    // asked for with the next one.
    expect(shop.first.calls.eth_getLogs).toBeLessThanOrEqual(30);
    expect(scanner["nearRange"]).toBeLessThanOrEqual(6);
    shop.first.clear();
    await shop.node.mine(280);
    await world.tick();
    expect(Math.max(scanner["nearRange"], scanner["farRange"])).toBeGreaterThanOrEqual(50);
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
  });

  it("grows the range while catching up far behind the head, so that calls are few", async () => {
    const shop = shopOf("ethereum");
    await shop.node.mine(700);
    world.restart();
    shop.first.resetCounts();
    await world.tick();
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
    expect(shop.first.calls.eth_getLogs).toBeLessThan(12);
  });

  it("turns to the other URL where even one block is refused (logs are switched off there)", async () => {
    const shop = shopOf("bsc");
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    shop.first.setFault({ kind: "rangeLimit", blocks: 0, wording: "bscDataseed" });
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).nodes[0]?.error).toContain("refused a range of one block");
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it.each(CHAINS)(
    "takes HTTP 413 on $network for a range that is too large, the whole batch included",
    async ({ network }) => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      await shop.pay(invoice);
      await shop.node.mine(30);
      const isWide = (call: { params?: unknown }) => {
        const [filter] = call.params as { fromBlock?: string; toBlock?: string }[];
        return filter?.toBlock === "latest" || Number(filter?.toBlock) - Number(filter?.fromBlock) > 5;
      };
      bothUrls(shop, { kind: "http", status: 413, methods: ["eth_getLogs"], where: isWide });
      await world.tick();
      expect(await shop.scanned()).toBe((await shop.node.head()).number);
      expect(await shop.state(invoice)).toBe("confirmed");
      expect((await shop.health()).nodes[0]?.error).toBeNull();
    },
  );
});

describe("a chain that is quiet", () => {
  it.each([
    ["erigon", -32000, "end (5) < begin (6)"],
    ["geth", -32602, "invalid block range params"],
    ["nethermind", -32602, "requested block range is in the future"],
    ["anvil", -32602, "BlockOutOfRangeError: block height is 5 but requested was 6"],
  ])("is no trouble on %s, which calls a range that begins above the head an error", async (_name, code, message) => {
    const shop = shopOf("ethereum");
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    const where = (call: { params?: unknown }) => Number((call.params as { fromBlock?: string }[])[0]?.fromBlock) > at;
    const faults = bothUrls(shop, { kind: "rpcError", code, message, methods: ["eth_getLogs"], where });
    shop.first.resetCounts();
    for (let i = 0; i < 3; i++) await world.tick();
    expect((await shop.health()).nodes.map((node) => node.error)).toEqual([null, null]);
    expect((await shop.health()).error).toBeNull();
    // The head and its logs, a tick.
    expect(shop.calls()).toBe(3 * 2);
    for (const fault of faults) fault.clear();
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
  });
});

describe.each(CHAINS)("answers that break on $network", ({ network }) => {
  const breaks: [string, Fault][] = [
    ["a body that is cut off", { kind: "cutBody" }],
    ["a body that is no JSON", { kind: "badJson" }],
    ["a connection that is reset", { kind: "reset" }],
    ["HTTP 503", { kind: "http", status: 503 }],
    ["HTTP 200 with a page", { kind: "http", status: 200, body: "<html>Cloudflare</html>" }],
    ["an error of its own", { kind: "rpcError", code: -32603, message: "internal error" }],
  ];
  it.each(breaks)("reads the other URL in the same tick after %s", async (_name, fault) => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.first.setFault(fault);
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).nodes[0]?.error).not.toBeNull();
  });

  it("stands still while every URL fails, in whatever part of the tick, and loses nothing", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    await shop.pay(invoice);
    await shop.node.mine(4);
    const parts = [["eth_getLogs"], ["eth_getTransactionReceipt"], ["eth_getBlockByNumber"]];
    for (const methods of parts) {
      const faults = bothUrls(shop, { kind: "reset", methods });
      await world.tick();
      expect(await shop.scanned()).toBe(at);
      expect((await shop.health()).error).not.toBeNull();
      for (const fault of faults) fault.clear();
    }
    await world.tick();
    await world.tick();
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(await shop.transfersTo(invoice)).toHaveLength(1);
  });

  it("gives up on a node that hangs, and reads the other URL in the same tick", async () => {
    shortTimeouts();
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.first.setFault({ kind: "hang" });
    await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
  });

  it("does the same when only its logs hang: one time-out, no string of smaller ranges that hang too", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await shop.node.mine(30);
    shortTimeouts();
    const fault = shop.first.setFault({ kind: "hang", methods: ["eth_getLogs"] });
    await world.tick();
    expect(fault.strikes).toBe(1);
    expect(await shop.scanned()).toBe((await shop.node.head()).number);
  });

  it("does not pay a time-out at every tick for a first URL that is dead", async () => {
    const shop = shopOf(network);
    const fault = shop.first.setFault({ kind: "reset" });
    for (let i = 0; i < 12; i++) {
      await shop.node.mine(1);
      await world.tick();
      expect(await shop.scanned()).toBe((await shop.node.head()).number);
    }
    expect(fault.strikes).toBeLessThanOrEqual(4);
  });
});

describe("providers that are asked too often", () => {
  const refusals: [string, Fault][] = [
    ["429", { kind: "http", status: 429 }],
    ["429 with Retry-After", { kind: "http", status: 429, retryAfter: 20 }],
    ["403", { kind: "http", status: 403 }],
    ["TronGrid's 429", { kind: "http", ...tronGridRefusals.keyLimit(27) }],
    ["TronGrid's 403", { kind: "http", ...tronGridRefusals.noKeyLimit(5) }],
  ];
  it.each(refusals)(
    "leaves a URL alone after %s while the other URL and the other networks go on",
    async (_name, fault) => {
      const [tron, bsc] = [shopOf("tron"), shopOf("bsc")];
      const [onTron, onBsc] = [await tron.invoice(), await bsc.invoice()];
      const refused = tron.first.setFault(fault);
      await tron.pay(onTron);
      await bsc.pay(onBsc);
      for (let i = 0; i < 4; i++) await world.tick();
      expect([await tron.state(onTron), await bsc.state(onBsc)]).toEqual(["seen", "seen"]);
      expect(refused.strikes).toBe(1);
      expect((await tron.health()).nodes[0]?.error).toContain("asked too often");
      expect((await bsc.health()).nodes[0]?.error).toBeNull();
    },
  );

  it("asks nobody while every URL of a network wants to be left alone, says so, and goes on when the time is over", async () => {
    const shop = shopOf("tron");
    const invoice = await shop.invoice();
    const faults = bothUrls(shop, { kind: "http", status: 429, retryAfter: 1 });
    await shop.pay(invoice);
    for (let i = 0; i < 4; i++) await world.tick();
    expect(faults.map((fault) => fault.strikes)).toEqual([1, 1]);
    expect((await shop.health()).error).toContain("asked too often");
    shop.first.clear();
    shop.second.clear();
    await world.tick();
    expect(await shop.state(invoice)).toBe("pending");
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
  });

  it("confirms nothing unchecked and expires in time while only finality cannot be asked", async () => {
    const shop = shopOf("tron");
    const { timestamp } = await shop.node.head();
    const [paid, unpaid] = [await shop.invoice("61"), await shop.invoice("62")];
    await shop.pay(paid);
    await shop.setWindow(unpaid.id, { from: timestamp - 60, until: timestamp - 1 });
    bothUrls(shop, { kind: "http", status: 500, methods: ["/walletsolidity/*"] });
    await shop.settle();
    expect([await shop.state(paid), await shop.state(unpaid)]).toEqual(["seen", "expired"]);
    shop.first.clear();
    shop.second.clear();
    world.restart();
    await world.tick();
    expect(await shop.state(paid)).toBe("confirmed");
  });
});
