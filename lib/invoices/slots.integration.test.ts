import { randomUUID } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { amountSlots, invoices, merchants, wallets } from "@/db/schema";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { formatAmount } from "@/lib/money";

/** Exact amounts: what tells two customers of one wallet apart, whatever happens at the same time. */

// Live invoices need a watched network; nothing is asked of this node.
const api = useTestApi({ ETHEREUM_RPC_URLS: "http://127.0.0.1:1", TRON_RPC_URLS: "", BSC_RPC_URLS: "" });

type Answer = Awaited<ReturnType<typeof api>>;
const amountOf = (answer: Answer) => String(answer.body.amountUsdtExact);
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => formatAmount(BigInt(first + i)));

async function shop(options: { limit?: number; cooldown?: number; networks?: ("ethereum" | "bsc")[] } = {}) {
  const merchant = await createTestMerchant();
  for (const network of options.networks ?? (["ethereum"] as const)) await merchant.addWallet(network);
  const { limit, cooldown } = options;
  if (limit !== undefined) await set(merchant, { adjustmentLimit: BigInt(limit) });
  if (cooldown !== undefined) await set(merchant, { amountCooldownSeconds: cooldown });
  return merchant;
}
const set = (merchant: TestMerchant, values: Partial<typeof merchants.$inferInsert>) =>
  db().update(merchants).set(values).where(eq(merchants.id, merchant.id));
const create = (merchant: TestMerchant, fields: object = {}, key = merchant.testKey) =>
  api("POST", "/invoices", { key, body: { amountUsdt: "10", ...fields } });
const slotsOf = (walletId: string) => db().select().from(amountSlots).where(eq(amountSlots.walletId, walletId));
const setHold = (walletId: unknown, amount: bigint, heldUntil: string) =>
  db()
    .update(amountSlots)
    .set({ heldUntil: sql.raw(heldUntil) as unknown as Date })
    .where(and(eq(amountSlots.walletId, String(walletId)), eq(amountSlots.amount, amount)));

describe("under concurrency", () => {
  it("50 creates of one amount at once give the 50 lowest amounts from it up, each once", async () => {
    const merchant = await shop();
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(merchant)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(201));
    expect(answers.map(amountOf).sort()).toEqual(from(100_000, 50));
    for (const { body } of answers) expect(body.amountUsdt).toBe("10.0000");
  });

  it("the same over two wallets, one short of enough for everybody: exactly one is refused and nothing is taken twice", async () => {
    const merchant = await shop({ limit: 9 });
    await merchant.addWallet("ethereum");
    const answers = await Promise.all(Array.from({ length: 21 }, () => create(merchant)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ body }) => body.code === "amount_unavailable")).toHaveLength(1);
    const made = answers.filter(({ status }) => status === 201);
    const taken = new Set(made.map((answer) => `${answer.body.walletId} ${amountOf(answer)}`));
    expect(taken.size).toBe(20);
  });

  it("with Idempotency-Keys, which make a transaction around each create, it is no different", async () => {
    const merchant = await shop();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        api("POST", "/invoices", {
          key: merchant.testKey,
          body: { amountUsdt: "10" },
          headers: { "idempotency-key": `k-${i}` },
        }),
      ),
    );
    expect(answers.map(amountOf).sort()).toEqual(from(100_000, 20));
  });
});

describe("the merchant's limit", () => {
  it("of 0 never adjusts: the second of an amount is refused with a time to come back", async () => {
    const merchant = await shop({ limit: 0 });
    expect(amountOf(await create(merchant))).toBe("10.0000");
    const refused = await create(merchant);
    expect(refused).toMatchObject({ status: 409, body: { code: "amount_unavailable", error: "Conflict" } });
    // 1800 s to pay and 1800 s of cool-down, less the moment that has passed.
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(3_580);
    expect(wait).toBeLessThanOrEqual(3_600);
    expect(amountOf(await create(merchant, { amountUsdt: "10.0001" }))).toBe("10.0001");
  });

  it("by default has room for 501 invoices of an amount, the last 0.0500 above it, and then refuses", async () => {
    const merchant = await shop();
    const first = await create(merchant);
    // 499 of them straight into the table: the rule is about what is taken, not about who took it.
    const rows = from(100_001, 499).map((_, i) => ({
      walletId: String(first.body.walletId),
      mode: "test" as const,
      amount: BigInt(100_001 + i),
      heldUntil: new Date(Date.now() + 3_600_000),
    }));
    await db().insert(amountSlots).values(rows);
    expect(amountOf(await create(merchant))).toBe("10.0500");
    const refused = await create(merchant);
    expect(refused).toMatchObject({ status: 409, body: { code: "amount_unavailable" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await slotsOf(String(first.body.walletId))).toHaveLength(501);
  });

  it("fills the lowest gap first, and never goes below what was asked for", async () => {
    const merchant = await shop();
    for (const amountUsdt of ["10", "10.0001", "10.0003"]) await create(merchant, { amountUsdt });
    expect(amountOf(await create(merchant))).toBe("10.0002");
    expect(amountOf(await create(merchant))).toBe("10.0004");
    expect(amountOf(await create(merchant, { amountUsdt: "9.9999" }))).toBe("9.9999");
  });

  it("may take the highest amount above the highest that can be asked for", async () => {
    const merchant = await shop();
    await create(merchant, { amountUsdt: 1_000_000_000 });
    expect(amountOf(await create(merchant, { amountUsdt: 1_000_000_000 }))).toBe("1000000000.0001");
  });
});

describe("several wallets", () => {
  it("tries the merchant's others on the network, the default first and then the oldest, when no walletId is given", async () => {
    const merchant = await shop({ limit: 0, networks: [] });
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await merchant.addWallet("ethereum"));
    await merchant.addWallet("bsc");
    const [oldest, middle, newest] = made.map((wallet) => wallet.id);
    // The default need not be the oldest.
    const setDefault = (isDefault: boolean, id = "") =>
      db().update(wallets).set({ isDefault }).where(eq(wallets.id, id));
    await setDefault(false, oldest);
    await setDefault(true, middle);
    const used = [];
    for (let i = 0; i < 3; i++) used.push((await create(merchant, { assetCode: "USDT_ERC20" })).body.walletId);
    expect(used).toEqual([middle, oldest, newest]);
    expect((await create(merchant, { assetCode: "USDT_ERC20" })).body.code).toBe("amount_unavailable");
    expect((await create(merchant, { assetCode: "USDT_BSC" })).status).toBe(201);
  });

  it("tries only the one that was asked for", async () => {
    const merchant = await shop({ limit: 0 });
    const other = await merchant.addWallet("ethereum");
    expect((await create(merchant, { walletId: other.id })).body.walletId).toBe(other.id);
    expect(await create(merchant, { walletId: other.id })).toMatchObject({
      status: 409,
      body: { code: "amount_unavailable" },
    });
    expect((await create(merchant)).status).toBe(201);
  });

  it("tells the soonest moment at which one of them has room", async () => {
    const merchant = await shop({ limit: 0 });
    const first = await create(merchant);
    await merchant.addWallet("ethereum");
    await create(merchant);
    await setHold(first.body.walletId, 100_000n, "now() + interval '100 seconds'");
    const wait = Number((await create(merchant)).headers.get("retry-after"));
    expect(wait).toBeGreaterThan(95);
    expect(wait).toBeLessThanOrEqual(100);
  });
});

describe("the hold", () => {
  it("lasts from creation to expiresAt plus the merchant's cool-down", async () => {
    const merchant = await shop({ cooldown: 600 });
    const { body } = await create(merchant, { expirySeconds: 300 });
    const [slot] = await slotsOf(String(body.walletId));
    expect(slot?.heldUntil.getTime()).toBe(Date.parse(String(body.expiresAt)) + 600_000);
  });

  it.each(["pending", "cancelled", "expired", "confirmed"] as const)(
    "is not over a second before its time and is over after it, for an invoice that is %s",
    async (status) => {
      const merchant = await shop({ limit: 0 });
      const { body } = await create(merchant);
      if (status === "cancelled") await api("POST", `/invoices/${body.id}/cancel`, { key: merchant.testKey });
      const times = {
        pending: {},
        cancelled: {},
        expired: { status, expiredAt: new Date() },
        confirmed: { status, paidAt: new Date(), resolution: "automatic" as const },
      }[status];
      const changed = { title: "changed", ...times };
      await db()
        .update(invoices)
        .set(changed)
        .where(eq(invoices.id, String(body.id)));
      expect((await create(merchant)).body.code).toBe("amount_unavailable");
      await setHold(body.walletId, 100_000n, "now() + interval '1 second'");
      const refused = await create(merchant);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "1"]);
      await setHold(body.walletId, 100_000n, "now() - interval '1 millisecond'");
      expect(amountOf(await create(merchant))).toBe("10.0000");
      expect((await create(merchant)).body.code).toBe("amount_unavailable");
    },
  );

  it("that is over is taken by one only, however many come at once", async () => {
    const merchant = await shop({ limit: 0 });
    const { body } = await create(merchant);
    await setHold(body.walletId, 100_000n, "now() - interval '1 second'");
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(merchant)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });
});

describe("worlds that do not share amounts", () => {
  it("test invoices never take live amounts, nor live invoices test ones", async () => {
    const merchant = await shop({ limit: 0 });
    expect(amountOf(await create(merchant))).toBe("10.0000");
    expect(amountOf(await create(merchant, {}, merchant.liveKey))).toBe("10.0000");
    expect((await create(merchant)).status).toBe(409);
    expect((await create(merchant, {}, merchant.liveKey)).status).toBe(409);
  });

  it("two merchants who registered one address do not share slots", async () => {
    const [mine, theirs] = [await shop({ limit: 0, networks: [] }), await shop({ limit: 0, networks: [] })];
    const { address } = await mine.addWallet("ethereum");
    await theirs.addWallet("ethereum", address);
    const [a, b] = [await create(mine), await create(theirs)];
    expect([amountOf(a), amountOf(b)]).toEqual(["10.0000", "10.0000"]);
    expect(a.body.payoutAddress).toBe(b.body.payoutAddress);
  });
});

describe("a create that fails", () => {
  it("for a duplicate reference leaves no slot taken, first try, lost race or idempotent", async () => {
    const merchant = await shop();
    const reference = randomUUID();
    const first = await create(merchant, { reference });
    const attempts = await Promise.all([
      ...Array.from({ length: 10 }, () => create(merchant, { reference })),
      ...Array.from({ length: 5 }, (_, i) =>
        api("POST", "/invoices", {
          key: merchant.testKey,
          body: { amountUsdt: "10", reference },
          headers: { "idempotency-key": `dup-${i}` },
        }),
      ),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        status: 409,
        body: { code: "duplicate_reference", invoiceId: first.body.id },
      });
    }
    expect(await slotsOf(String(first.body.walletId))).toHaveLength(1);
    expect(amountOf(await create(merchant))).toBe("10.0001");
  });

  it("for want of a network leaves no slot taken", async () => {
    const merchant = await shop({ networks: ["bsc"] });
    expect((await create(merchant, {}, merchant.liveKey)).body.code).toBe("network_unavailable");
    const { body } = await create(merchant);
    const slots = await slotsOf(String(body.walletId));
    expect(slots).toMatchObject([{ mode: "test" }]);
  });
});
