import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFaultProxy } from "@/e2e/chain/fault-proxy";
import { tronGridRefusals } from "@/e2e/chain/provider-refusals";
import { tokenCalls } from "@/e2e/chain/token";
import { sendOutOfTime, startTronEmulator, type TronEmulator } from "@/e2e/chain/tron-emulator";
import { type Shop, useShops } from "@/e2e/shop";
import { evmForm, randomAddress, useWorld } from "@/e2e/world";
import { resetEnv } from "@/lib/env";

/** What only Tron does. Two honest nodes over one chain, which may differ in what they show of a failed transaction. */

const world = useWorld(["tron"], {}, { secondUrls: true });
const shops = useShops(world, ["tron"]);
const shop = () => shops.get("tron") as Shop;

let other: TronEmulator;
let others: Awaited<ReturnType<typeof startFaultProxy>>;
beforeAll(async () => {
  other = await startTronEmulator({ anvil: world.node("tron"), finalizedLag: 2, solidLag: 4 });
  others = await startFaultProxy({ target: other.url, node: "tron" });
});
afterAll(async () => {
  await others.stop();
  await other.stop();
  useUrls(shop().first.url, shop().second.url);
});

function useUrls(...urls: string[]): void {
  process.env.TRON_RPC_URLS = urls.join(",");
  resetEnv();
  world.restart();
}

describe("transactions that failed", () => {
  const pairs = [
    ["logs", "noLogs"],
    ["noLogs", "logs"],
    ["logs", "logs"],
  ] as const;
  it.each(pairs)(
    "never credits one that ran out of time: the first node shows %s of it, the second %s",
    async (a, b) => {
      useUrls(shop().first.url, others.url);
      const invoice = await shop().invoice();
      const nodes = [
        { emulator: world.tron(), mode: a },
        { emulator: other, mode: b },
      ];
      const sent = await sendOutOfTime(shop().node, nodes, invoice);
      await world.tick();
      expect(await shop().state(invoice)).toBe("pending");
      await shop().settle();
      await shop().lookAgain();
      expect(await shop().state(invoice)).toBe("pending");
      expect(await shop().paymentsOf(invoice)).toHaveLength(0);
      const kept = await shop().transfersTo(invoice);
      expect(kept.map((transfer) => transfer.status)).toEqual(kept.length > 0 ? ["failed"] : []);
      for (const transfer of kept) expect(transfer.matchedAt).not.toBeNull();
      for (const { emulator } of nodes) emulator.setOutOfTime(sent.hash, null);
      useUrls(shop().first.url, shop().second.url);
    },
  );

  it("credits one that was called failed near the head and is a success when its block is solid", async () => {
    const invoice = await shop().invoice();
    const sent = await sendOutOfTime(shop().node, [{ emulator: world.tron(), mode: "logs" }], invoice);
    await world.tick();
    expect(await shop().transfersTo(invoice)).toMatchObject([{ status: "failed" }]);
    expect(await shop().state(invoice)).toBe("pending");
    world.tron().setOutOfTime(sent.hash, null);
    await shop().settle();
    await world.tick();
    expect(await shop().state(invoice)).toBe("confirmed");
    expect(await shop().transfersTo(invoice)).toHaveLength(1);
  });

  it("credits every transfer of such a transaction when its receipt showed no logs at all, each at its own place", async () => {
    const [one, two] = [await shop().invoice("71"), await shop().invoice("72")];
    const failed = (receipt: unknown) => receipt && { ...(receipt as object), status: "0x0", logs: [] };
    const faults = [shop().first, shop().second].map((proxy) =>
      proxy.setFault({ kind: "rewrite", methods: ["eth_getTransactionReceipt"], result: failed }),
    );
    await shop().node.sendBatch([{ to: randomAddress() as never, value: 5n }, one, two]);
    await world.tick();
    expect((await shop().health()).error).toBeNull();
    expect([await shop().state(one), await shop().state(two)]).toEqual(["pending", "pending"]);
    for (const fault of faults) fault.clear();
    await shop().settle();
    await world.tick();
    expect([await shop().state(one), await shop().state(two)]).toEqual(["confirmed", "confirmed"]);
    expect((await shop().transfersTo(one)).map((transfer) => transfer.ordinal)).toEqual([1]);
    expect((await shop().transfersTo(two)).map((transfer) => transfer.ordinal)).toEqual([2]);
  });

  it("credits nothing that reverted, ran out of energy or was undone inside, and everything of a multisend", async () => {
    const invoice = await shop().invoice("73");
    for (const how of ["revert", "outOfGas", "inside"] as const) await shop().node.sendFailing(how, invoice);
    const [one, two] = [await shop().invoice("74"), await shop().invoice("75")];
    await shop().node.sendBatch([one, two]);
    await shop().settle();
    expect([await shop().state(invoice), await shop().state(one), await shop().state(two)]).toEqual([
      "pending",
      "confirmed",
      "confirmed",
    ]);
    expect(await shop().transfersTo(invoice)).toHaveLength(0);
  });

  it("takes the token's `false` for the success that it is", async () => {
    const invoice = await shop().invoice();
    const sent = await shop().pay(invoice);
    const info = await fetch(`${world.tron().url}/wallet/gettransactioninfobyid`, {
      method: "POST",
      body: JSON.stringify({ value: sent.hash.slice(2) }),
    });
    const { contractResult } = (await info.json()) as { contractResult: string[] };
    expect(contractResult).toEqual(["0".repeat(64)]);
    await shop().settle();
    expect(await shop().state(invoice)).toBe("confirmed");
  });
});

describe("finality", () => {
  it("confirms at walletsolidity's height, not at that of `finalized`, which runs ahead of it", async () => {
    world.tron().setLag({ finalized: 18, solid: 30 });
    try {
      const invoice = await shop().invoice();
      await shop().pay(invoice);
      await shop().node.mine(24);
      await world.tick();
      await world.tick();
      expect(await shop().state(invoice)).toBe("seen");
      await shop().node.mine(6);
      await world.tick();
      expect(await shop().state(invoice)).toBe("confirmed");
    } finally {
      world.tron().setLag({ finalized: 2, solid: 4 });
    }
  });

  it("confirms nothing while representatives stall, however deep, and everything when they go on", async () => {
    await world.tron().haltFinality();
    try {
      const invoice = await shop().invoice();
      await shop().pay(invoice);
      await shop().node.mine(60);
      await world.tick();
      await world.tick();
      expect(await shop().state(invoice)).toBe("seen");
      world.tron().resumeFinality();
      await world.tick();
      expect(await shop().state(invoice)).toBe("confirmed");
    } finally {
      world.tron().resumeFinality();
    }
  });

  it("holds a payment whose transaction info is `{}`, and confirms it when the info is there", async () => {
    const invoice = await shop().invoice();
    await shop().pay(invoice);
    const path = "/walletsolidity/gettransactioninfobyid";
    const faults = [shop().first, shop().second].map((proxy) =>
      proxy.setFault({ kind: "rewrite", methods: [path], result: () => ({}) }),
    );
    await shop().node.mine(22);
    await world.tick();
    await world.tick();
    expect(await shop().state(invoice)).toBe("seen");
    expect((await shop().health()).error).toBeNull();
    // A minute of blocks later it is no lag any more.
    await shop().node.mine(10);
    await world.tick();
    expect(await shop().state(invoice)).toBe("seen");
    expect((await shop().health()).error).toContain("nodes disagree about transaction");
    for (const fault of faults) fault.clear();
    await world.tick();
    expect(await shop().state(invoice)).toBe("confirmed");
  });

  it("does not believe a solid block whose id does not fit its height", async () => {
    const invoice = await shop().invoice();
    await shop().pay(invoice);
    const spoil = (block: unknown) => ({ ...(block as object), blockID: `${"0".repeat(15)}1${"a".repeat(48)}` });
    for (const proxy of [shop().first, shop().second]) {
      proxy.setFault({ kind: "rewrite", methods: ["/walletsolidity/getnowblock"], result: spoil });
    }
    await shop().settle();
    expect(await shop().state(invoice)).toBe("seen");
    expect((await shop().health()).nodes[0]?.error).toContain("does not fit its height");
    // The next test's processes start anew.
  });
});

describe("holes in the index under eth_getLogs", () => {
  it("finds by reading transactions what the logs of both nodes leave out for good, credits it, and says so", async () => {
    const invoices = [await shop().invoice("81"), await shop().invoice("82"), await shop().invoice("83")];
    const faults = [shop().first, shop().second].map((proxy) =>
      proxy.setFault({ kind: "emptyLogs", methods: ["eth_getLogs"] }),
    );
    const filler = await shop().invoice("84");
    for (const invoice of invoices) await shop().pay(invoice);
    // One block in each stretch is read so, and one hit opens the whole stretch.
    const said = new Set<string | null>();
    for (let i = 1; i <= 110; i++) {
      await shop().node.sendTransfer({ to: filler.to, value: 1n });
      if (i % 10 > 0) continue;
      await world.tick();
      said.add((await shop().health()).error);
    }
    expect([...said].join()).toContain("leaves out transfers of block");
    for (const invoice of invoices) expect(await shop().state(invoice)).toBe("confirmed");
    for (const fault of faults) fault.clear();
  });

  it("reports nothing where logs and transactions agree", async () => {
    const invoice = await shop().invoice();
    await shop().pay(invoice);
    await shop().node.sendNative({ to: invoice.to, wei: 10n ** 18n });
    await shop().lookAgain();
    expect(await shop().state(invoice)).toBe("confirmed");
    expect(await shop().transfersTo(invoice)).toHaveLength(1);
    expect((await shop().health()).error).toBeNull();
  });
});

describe("TronGrid", () => {
  it("is asked with the key on every path, and not at all without it", async () => {
    const grid = await startTronEmulator({
      anvil: world.node("tron"),
      finalizedLag: 2,
      solidLag: 4,
      tronGrid: { keys: ["the-key"], perSecond: 1000, perSecondWithoutKey: 0 },
    });
    process.env.TRONGRID_API_KEY = "the-key";
    useUrls(grid.url);
    try {
      const invoice = await shop().invoice();
      await shop().pay(invoice);
      await shop().settle();
      expect(await shop().state(invoice)).toBe("confirmed");
      process.env.TRONGRID_API_KEY = "another";
      useUrls(grid.url);
      await world.tick();
      expect((await shop().health()).error).toContain("HTTP 401");
    } finally {
      delete process.env.TRONGRID_API_KEY;
      useUrls(shop().first.url, shop().second.url);
      await grid.stop();
    }
  });

  it("spends at most 70,000 calls a day at a poll every 3 s, with a payment in a hundred blocks", async () => {
    world.tron().setLag({ finalized: 18, solid: 20 });
    useUrls(shop().first.url);
    try {
      await world.tick();
      await shop().lookAgain();
      shop().first.resetCounts();
      const blocks = 200;
      for (let i = 0; i < blocks; i++) {
        if (i % 100 === 50) await shop().pay(await shop().invoice());
        else await shop().node.mine(1);
        await world.tick();
      }
      const aDay = (shop().calls() / blocks) * (86_400 / 3);
      expect(aDay).toBeLessThan(70_000);
      // Two calls a tick, and little besides.
      expect(aDay).toBeGreaterThan(57_600 - 1);
    } finally {
      world.tron().setLag({ finalized: 2, solid: 4 });
      useUrls(shop().first.url, shop().second.url);
    }
  });

  it("is left alone on all its paths when one of them refuses: the ban is the URL's", async () => {
    const invoice = await shop().invoice();
    await shop().pay(invoice);
    const refused = shop().first.setFault({
      kind: "http",
      ...tronGridRefusals.keyLimit(27),
      methods: ["/walletsolidity/*"],
    });
    await shop().settle();
    shop().first.resetCounts();
    for (let i = 0; i < 3; i++) await world.tick();
    expect(refused.strikes).toBe(1);
    expect(shop().calls()).toBe(0);
    expect(await shop().state(invoice)).toBe("confirmed");
  });
});

describe("limits of one call", () => {
  it.each([1_000, 1_001])(
    "names at most a thousand recipients, and reads all transfers above: %i wallets",
    async (count) => {
      const invoice = await shop().invoice();
      const keys = world.scanner("tron")["watched"]["keys"];
      await world.tick();
      while (keys.size < count) keys.add(evmForm(randomAddress("tron")).toLowerCase());
      const named: number[] = [];
      shop().first.setFault({
        kind: "delay",
        ms: 0,
        methods: ["eth_getLogs"],
        where: (call) => {
          const [filter] = call.params as { topics: string[][] }[];
          named.push(filter?.topics[2]?.length ?? 0);
          return false;
        },
      });
      await shop().pay(invoice);
      await world.tick();
      expect(await shop().state(invoice)).toBe("seen");
      expect(new Set(named)).toEqual(new Set([count > 1_000 ? 0 : 1_000]));
      expect((await shop().health()).error).toBeNull();
    },
  );
});

describe("addresses", () => {
  it("finds the payee whichever of the three forms a thing is written in", async () => {
    const invoice = await shop().invoice();
    await shop().node.send(tokenCalls.transfer(invoice));
    await world.tick();
    const [kept] = await shop().transfersTo(invoice);
    expect(kept?.toAddressKey).toBe(invoice.to.toLowerCase());
    expect(kept?.fromAddress).toMatch(/^T[1-9A-HJ-NP-Za-km-z]{33}$/);
    expect(kept?.txHash).toMatch(/^[0-9a-f]{64}$/);
    expect(await shop().read(invoice)).toMatchObject({ payment: { txHash: kept?.txHash } });
  });
});
