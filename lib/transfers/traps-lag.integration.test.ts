import { describe, expect, it } from "vitest";
import type { Fault } from "@/e2e/chain/faults";
import { CHAINS, type Shop, useShops } from "@/e2e/shop";
import { useWorld, type WorldNetwork } from "@/e2e/world";

/** Nodes that do not know yet what the chain has, each in its own way. Two URLs a network. */

const world = useWorld(["ethereum", "bsc", "tron"], {}, { secondUrls: true });
const shops = useShops(world, ["ethereum", "bsc", "tron"]);
const shopOf = (network: WorldNetwork) => shops.get(network) as Shop;

const onlyLogs = { methods: ["eth_getLogs"] };
const bothUrls = (shop: Shop, fault: Fault) => [shop.first.setFault(fault), shop.second.setFault(fault)];

describe.each(CHAINS)("lag on $network", ({ network }) => {
  it("stops at the head of a node that is behind, and credits once when it has caught up", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    const faults = bothUrls(shop, { kind: "stuck", at });
    const sent = await shop.pay(invoice);
    await shop.node.mine(3);
    for (let i = 0; i < 3; i++) await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect(await shop.state(invoice)).toBe("pending");
    for (const fault of faults) fault.clear();
    await world.tick();
    expect(await shop.scanned()).toBe(sent.blockNumber + 3);
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(await shop.transfersTo(invoice)).toHaveLength(1);
    expect(shop.webhooks(invoice)).toEqual(["invoice.confirmed"]);
  });

  it("never goes back for a head below the cursor: the other URL is read, or nothing is", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    await shop.node.mine(5);
    await world.tick();
    const at = await shop.scanned();
    shop.first.setFault({ kind: "lag", blocks: 4 });
    await shop.node.mine(1);
    await world.tick();
    expect(await shop.scanned()).toBe(at + 1);
    shop.second.setFault({ kind: "lag", blocks: 7 });
    await world.tick();
    expect(await shop.scanned()).toBe(at + 1);
    expect(await shop.state(invoice)).toBe("seen");
    expect((await shop.health()).error).toMatch(/is at block|does not have|no new|stopped/);
    expect(await shop.transfersTo(invoice)).toMatchObject([{ status: "canonical" }]);
  });

  it("reads on from the second URL when the first stands still at the block that was read last", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.first.setFault({ kind: "stuck", at: await shop.scanned() });
    const sent = await shop.pay(invoice);
    await world.tick();
    expect(await shop.state(invoice)).toBe("pending");
    // Half a minute without a block.
    Object.assign(world.scanner(network), { risenAt: Date.now() - 30_001 });
    await world.tick();
    expect(await shop.scanned()).toBe(sent.blockNumber);
    expect(await shop.state(invoice)).toBe("seen");
    // And goes on doing so without waiting again.
    await shop.node.mine(2);
    await world.tick();
    expect(await shop.scanned()).toBe(sent.blockNumber + 2);
  });

  it("finds at a second look what both URLs' empty logs hid for several ticks, and credits it once", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    // Headers without a filter, as on Tron: nothing gives the missing logs away.
    bothUrls(shop, { kind: "wrongHeader", field: "logsBloom" });
    const faults = bothUrls(shop, { kind: "emptyLogs" });
    await shop.pay(invoice);
    for (let i = 0; i < 4; i++) {
      await shop.node.mine(1);
      await world.tick();
    }
    expect(await shop.transfersTo(invoice)).toHaveLength(0);
    for (const fault of faults) fault.clear();
    await shop.lookAgain();
    expect(await shop.state(invoice)).toBe("confirmed");
    expect(await shop.transfersTo(invoice)).toHaveLength(1);
    await shop.node.mine(45);
    await world.tick();
    expect(shop.webhooks(invoice)).toEqual(["invoice.confirmed"]);
  });

  it("finds it also after a restart, however far the chain has gone on meanwhile", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const faults = [
      ...bothUrls(shop, { kind: "wrongHeader", field: "logsBloom" }),
      ...bothUrls(shop, { kind: "emptyLogs" }),
    ];
    await shop.pay(invoice);
    await shop.node.mine(1);
    await world.tick();
    world.restart();
    expect(await shop.transfersTo(invoice)).toHaveLength(0);
    for (const fault of faults) fault.clear();
    // Further than any network's recent blocks reach.
    for (let i = 0; i < 7; i++) await shop.node.mine(90);
    await shop.tick();
    world.restart();
    await shop.lookAgain();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("does not believe blocks that a node has behind its head only: a header that is missing stops the cursor", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    await shop.pay(invoice);
    await shop.node.mine(3);
    bothUrls(shop, {
      kind: "nullResult",
      methods: ["eth_getBlockByNumber"],
      where: (call) => Number((call.params as string[])[0]) > at,
    });
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect((await shop.health()).error).toMatch(/does not have|lost blocks/);
    shop.first.clear();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
  });

  it("waits for a receipt that a backend does not have yet, and moves no further meanwhile", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    const at = await shop.scanned();
    await shop.pay(invoice);
    bothUrls(shop, { kind: "nullResult", methods: ["eth_getTransactionReceipt"] });
    await world.tick();
    expect(await shop.scanned()).toBe(at);
    expect((await shop.health()).error).toContain("no receipt");
    shop.first.clear();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
  });

  it("holds a payment while the second URL lags at finality, and confirms it when that one has the transaction", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    await shop.pay(invoice);
    const behind = shop.second.setFault({ kind: "lag", blocks: 30 });
    await shop.settle();
    expect(await shop.state(invoice)).toBe("seen");
    behind.clear();
    await shop.settle();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("confirms nothing on BSC while votes fail and `finalized` stands still, however deep, and everything when it goes on", async () => {
    const shop = shopOf("bsc");
    const invoice = await shop.invoice();
    const old = await shop.node.rpc("eth_getBlockByNumber", ["finalized", false]);
    const where = (call: { params?: unknown }) => (call.params as unknown[])[0] === "finalized";
    const methods = ["eth_getBlockByNumber"];
    const faults = [shop.first, shop.second].map((proxy) =>
      proxy.setFault({ kind: "rewrite", methods, where, result: () => old }),
    );
    await shop.pay(invoice);
    await shop.node.mine(40);
    await world.tick();
    await world.tick();
    expect(await shop.state(invoice)).toBe("seen");
    for (const fault of faults) fault.clear();
    await world.tick();
    expect(await shop.state(invoice)).toBe("confirmed");
  });

  it("asks the first URL after a minute in which the second, which stands still, did not know the transaction", async () => {
    const shop = shopOf(network);
    const invoice = await shop.invoice();
    shop.second.setFault({ kind: "stuck", at: await shop.scanned() });
    await shop.pay(invoice);
    await shop.settle();
    expect(await shop.state(invoice)).toBe("seen");
    const check = world.scanner(network)["finalCheck"];
    for (const id of check["unknownSince"].keys()) check["unknownSince"].set(id, Date.now() - 60_001);
    await world.tick();
    expect(await shop.state(invoice)).toBe("confirmed");
  });
});

describe.each(CHAINS.filter(({ network }) => network !== "tron"))(
  "empty logs against the bloom filter on $network",
  ({ network }) => {
    it("believes no empty logs of a block whose filter adds up otherwise: the second URL is asked in the same tick", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      shop.first.setFault({ kind: "emptyLogs", ...onlyLogs });
      await shop.pay(invoice);
      await world.tick();
      expect(await shop.state(invoice)).toBe("seen");
      expect((await shop.health()).nodes[0]?.error).toContain("left out logs");
    });

    it("stands still while both URLs leave them out, for as many ticks as that takes, then credits once", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      const at = await shop.scanned();
      bothUrls(shop, { kind: "emptyLogs", ...onlyLogs });
      await shop.pay(invoice);
      for (let i = 0; i < 3; i++) {
        await shop.node.mine(1);
        await world.tick();
        expect(await shop.scanned()).toBe(at);
      }
      expect((await shop.health()).error).toContain("left out logs");
      shop.first.clear();
      shop.second.clear();
      await shop.settle();
      expect(await shop.state(invoice)).toBe("confirmed");
      expect(await shop.transfersTo(invoice)).toHaveLength(1);
    });

    it("notices it too when logs alone lag a few blocks behind the same node's headers", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      const at = await shop.scanned();
      bothUrls(shop, { kind: "stuck", at, ...onlyLogs });
      await shop.pay(invoice);
      await shop.node.mine(2);
      await world.tick();
      expect(await shop.scanned()).toBe(at);
      shop.first.clear();
      await world.tick();
      expect(await shop.state(invoice)).toBe("seen");
    });

    it("is not held up by a filter that says yes wrongly, and pays for it with a bounded number of calls", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      // A log that names the token's Transfer and our address in other places sets every bit that ours would.
      await shop.node.sendLookAlike("fourTopics", { to: invoice.to, value: invoice.value });
      await world.tick();
      shop.first.resetCounts();
      for (let i = 0; i < 5; i++) await shop.node.sendLookAlike("fourTopics", { to: invoice.to, value: invoice.value });
      await world.tick();
      expect(await shop.scanned()).toBe((await shop.node.head()).number);
      expect((await shop.health()).error).toBeNull();
      // Head and logs, four headers between; then the logs of all recipients once, and all logs of each block once.
      expect(shop.first.calls.eth_getLogs).toBeLessThanOrEqual(1 + 1 + 5);
      expect(shop.calls()).toBeLessThanOrEqual(2 + 4 + 1 + 5);
      expect(await shop.transfersTo(invoice)).toHaveLength(0);
    });

    it("is not held up by it on a host that gives no logs without an address either", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      bothUrls(shop, {
        kind: "rpcError",
        code: -32701,
        message: "Please specify an address in your request",
        ...onlyLogs,
        where: (call) => !(call.params as { address?: string }[])[0]?.address,
      });
      await shop.node.sendLookAlike("fourTopics", { to: invoice.to, value: invoice.value });
      await world.tick();
      expect(await shop.scanned()).toBe((await shop.node.head()).number);
      expect((await shop.health()).error).toBeNull();
    });

    it("holds empty logs against the filter too where there are so many wallets that all transfers are read", async () => {
      const shop = shopOf(network);
      const invoice = await shop.invoice();
      const at = await shop.scanned();
      Object.assign(world.scanner(network)["watched"], { filter: () => null });
      bothUrls(shop, { kind: "emptyLogs", ...onlyLogs });
      await shop.pay(invoice);
      await world.tick();
      expect(await shop.scanned()).toBe(at);
      shop.first.clear();
      await world.tick();
      expect(await shop.state(invoice)).toBe("seen");
    });
  },
);
