import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { foldTallyChanges } from "@/db/queries/invoice-tallies";
import type { InvoiceStatus } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { assetOf, type Network } from "@/lib/chains/networks";
import { rotateWebhookSecret } from "@/lib/merchants/rotation";
import { changeMerchantStatus } from "@/lib/merchants/service";
import { flushRequestLog } from "./request-log";

/** What the API lists and sums up: invoices, the account, its requests. And that nobody sees another's. */

const call = useTestApi({ ETHEREUM_RPC_URLS: "http://127.0.0.1:1", PAY_URL: "https://pay.example.com" });

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
type Item = Record<string, string>;
type List = { data: Item[]; pagination: Record<string, number> & { nextCursor: string | null } };
type Wallets = Partial<Record<Network, string>>;
type Shop = TestMerchant & { wallets: Wallets };

async function newShop(networks: Network[] = ["ethereum"]): Promise<Shop> {
  const merchant = await createTestMerchant();
  const wallets: Wallets = {};
  for (const network of networks) {
    const address = network === "tron" ? "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy" : undefined;
    wallets[network] = (await merchant.addWallet(network, address)).id;
  }
  return { ...merchant, wallets };
}

type Given = {
  at?: string;
  status?: InvoiceStatus;
  network?: Network;
  mode?: Mode;
  units?: number;
  count?: number;
  reference?: string;
};
/** Inserts invoices as they would stand there; the trigger counts them. @param at when they were created, as SQL text. */
async function insert(shop: Shop, given: Given = {}): Promise<void> {
  const { at = "now", status = "pending", network = "ethereum", mode = "test", units = 10_000, count = 1 } = given;
  const reference = given.reference ?? randomUUID().slice(0, 20);
  const [paid, expired, cancelled] = (["confirmed", "expired", "cancelled"] as const).map((one) =>
    one === status ? sql`created + interval '1 minute'` : sql`null::timestamptz`,
  );
  await db().execute(sql`
    insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested,
      amount, status, created_at, expires_at, paid_at, expired_at, cancelled_at, resolution)
    select gen_random_uuid(), ${shop.id}::uuid, ${mode}, ${shop.wallets[network]}::uuid, ${network}, '0x', ${reference} || suffix,
      gen_random_uuid()::text, ${units}::bigint, ${units}::bigint, ${status}, created, created + interval '30 minutes',
      ${paid}, ${expired}, ${cancelled}, ${status === "confirmed" ? "automatic" : null}::text
    from generate_series(1, ${count}::int) as n,
      lateral (select ${at}::timestamptz as created, case when ${count}::int = 1 then '' else '-' || n end as suffix) as given`);
}

async function list(shop: Shop, query: string, key = shop.testKey): Promise<List> {
  const answer = await call("GET", `/invoices${query}`, { key });
  expect(answer.status, answer.text).toBe(200);
  return answer.body as unknown as List;
}
const references = ({ data }: List) => data.map(({ reference }) => reference);
const pathsOf = (body: Record<string, unknown>) => (body.details as { path: string }[]).map(({ path }) => path);
const foldAll = async () => {
  while (await foldTallyChanges(db()));
};

describe("GET /invoices: filters", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await newShop(["ethereum", "bsc"]);
    const at = (day: string) => `2024-01-${day}`;
    await insert(shop, { reference: "a", at: at("14T23:59:59.999Z"), status: "pending" });
    await insert(shop, { reference: "b", at: at("15T00:00:00.000Z"), status: "confirmed" });
    await insert(shop, { reference: "c", at: at("15T14:30:00.000Z"), status: "expired", network: "bsc" });
    await insert(shop, { reference: "d", at: at("15T14:30:00.999Z"), status: "cancelled" });
    await insert(shop, { reference: "e", at: at("15T14:30:01.000Z"), status: "pending", network: "bsc" });
    await insert(shop, { reference: "f", at: at("15T23:59:59.999Z"), status: "confirmed" });
    await insert(shop, { reference: "g", at: at("16T00:00:00.000Z"), status: "pending" });
    await insert(shop, { reference: "live", at: at("15T14:30:00.000Z"), mode: "live" });
  });

  it.each([
    ["", "gfedcba"],
    ["?status=pending", "gea"],
    ["?status=confirmed", "fb"],
    ["?status=expired", "c"],
    ["?status=cancelled", "d"],
    ["?assetCode=USDT_ERC20", "gfdba"],
    ["?assetCode=USDT_BSC", "ec"],
    ["?assetCode=USDT_TRC20", ""],
    ["?assetCode=USDT_BSC&status=pending", "e"],
    ["?reference=c", "c"],
    ["?reference=C", ""],
    ["?reference=live", ""],
    ["?reference=c&status=pending", ""],
    ["?from=2024-01-15", "gfedcb"],
    ["?to=2024-01-15", "fedcba"],
    ["?from=2024-01-15&to=2024-01-15", "fedcb"],
    ["?from=2024-01-15T14:30:00Z&to=2024-01-15T14:30:00Z", "dc"],
    ["?from=2024-01-15T14:30:01Z", "gfe"],
    ["?to=2024-01-15T14:30:00Z", "dcba"],
    ["?to=2024-01-15T14:30:00.400Z", "dcba"],
    ["?from=2024-01-15T16:30:00%2B02:00&to=2024-01-15T16:30:00%2B02:00", "dc"],
    ["?from=2024-01-16&to=2024-01-15", ""],
    ["?from=2024-01-15&to=2024-01-15&status=confirmed&assetCode=USDT_ERC20", "fb"],
    ["?from=0001-01-01&to=9999-12-31", "gfedcba"],
    ["?from=9999-12-31T23:59:59Z", ""],
    ["?to=0000-01-01", ""],
    ["?unknown=1&Status=nonsense", "gfedcba"],
  ])("%s gives %s, newest first, and counts them", async (query, expected) => {
    const { data, pagination } = await list(shop, query);
    expect(data.map(({ reference }) => reference).join("")).toBe(expected);
    expect(pagination).toEqual({
      page: 1,
      limit: 20,
      total: expected.length,
      totalPages: expected.length === 0 ? 0 : 1,
      nextCursor: null,
    });
  });

  it("each entry is the object that GET /invoices/:id gives", async () => {
    const { data } = await list(shop, "");
    for (const item of data.slice(0, 3)) {
      expect((await call("GET", `/invoices/${item.id}`, { key: shop.testKey })).body).toEqual(item);
    }
  });

  it("finds references with any printable character", async () => {
    const reference = "a&b=c %2F+\"'<>\\#?/é".replace("é", "~");
    await insert(shop, { reference, at: "2023-06-01T00:00:00Z" });
    expect(references(await list(shop, `?reference=${encodeURIComponent(reference)}`))).toEqual([reference]);
  });
});

describe("GET /invoices: wrong values", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await newShop();
    await insert(shop, { count: 3 });
  });

  it.each([
    "page=0",
    "page=-1",
    "page=1.5",
    "page=x",
    "page=",
    "page=1000001",
    "page=99999999999",
    "page=1e3",
    "limit=0",
    "limit=101",
    "limit=-5",
    "limit=ten",
    "limit=",
    "status=",
    "status=paid",
    "status=PENDING",
    "assetCode=USDT",
    "assetCode=",
    "assetCode=usdt_bsc",
    "reference=",
    `reference=${"x".repeat(51)}`,
    "reference=%00",
    "reference=%C3%A9",
    "from=yesterday",
    "from=2024-02-30",
    "from=2024-13-01",
    "from=",
    "from=2024-01-15T25:00:00Z",
    "from=1705329000",
    "from=2024-01-15T14:30:00",
    "to=2024-1-5",
    "to=+010000-01-01",
    "to=%00",
    "cursor=",
    "cursor=abc",
    "cursor=%00",
    `cursor=${"A".repeat(300)}`,
    `cursor=${Buffer.from(`1705329000000_${"z".repeat(36)}`).toString("base64url")}`,
    `cursor=${Buffer.from(`999999999999999_${randomUUID()}`).toString("base64url")}`,
  ])("%s is 400 and names the field", async (query) => {
    const answer = await call("GET", `/invoices?${query}`, { key: shop.testKey });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(pathsOf(answer.body)).toEqual([query.split("=")[0]]);
    expect(answer.body.message).toBe((answer.body.details as { message: string }[])[0]?.message);
  });

  it("are all told at once", async () => {
    const query = "?page=0&limit=101&status=x&assetCode=x&reference=&from=x&to=x&cursor=x";
    const answer = await call("GET", `/invoices${query}`, { key: shop.testKey });
    expect(pathsOf(answer.body).sort()).toEqual("assetCode cursor from limit page reference status to".split(" "));
  });

  it.each(["limit=1", "limit=100", "page=1000000&limit=100"])("%s is a bound that is allowed", async (query) => {
    const { pagination, data } = await list(shop, `?${query}`);
    expect(pagination.total).toBe(3);
    expect(data.length).toBe(query === "limit=1" ? 1 : query === "limit=100" ? 3 : 0);
  });
});

describe("GET /invoices: paging", () => {
  it("by page gives every invoice once, with total and totalPages on each page and none after the last", async () => {
    const shop = await newShop();
    for (let i = 0; i < 5; i++) await insert(shop, { count: 5, at: `2024-03-0${i + 1}T00:00:00Z` });
    const pages = await Promise.all([1, 2, 3, 4, 5].map((page) => list(shop, `?limit=7&page=${page}`)));
    expect(pages.map(({ data }) => data.length)).toEqual([7, 7, 7, 4, 0]);
    expect(new Set(pages.flatMap(({ data }) => data.map(({ id }) => id))).size).toBe(25);
    for (const [i, { pagination }] of pages.entries()) {
      expect(pagination).toMatchObject({ page: i + 1, limit: 7, total: 25, totalPages: 4 });
      expect(pagination.nextCursor === null).toBe(i >= 3);
    }
    const times = pages.flatMap(({ data }) => data.map(({ createdAt }) => String(createdAt)));
    expect(times).toEqual([...times].sort().reverse());
  });

  it("is empty for a merchant without invoices", async () => {
    const shop = await newShop();
    expect(await list(shop, "")).toEqual({
      data: [],
      pagination: { page: 1, limit: 20, total: 0, totalPages: 0, nextCursor: null },
    });
  });

  it("keeps one order among invoices of the same millisecond, on pages and by cursor", async () => {
    const shop = await newShop();
    await insert(shop, { count: 40, at: "2024-03-01T12:00:00.123Z" });
    const whole = (await list(shop, "?limit=100")).data.map(({ id }) => id);
    const byPage = [];
    for (const page of [1, 2, 3, 4, 5, 6]) byPage.push(...(await list(shop, `?limit=7&page=${page}`)).data);
    expect(byPage.map(({ id }) => id)).toEqual(whole);
    expect((await walk(shop, "?limit=7")).map(({ id }) => id)).toEqual(whole);
  });

  /** Follows the cursor to the end. */
  async function walk(shop: Shop, query: string, meanwhile: () => Promise<unknown> = async () => {}): Promise<Item[]> {
    const found: Item[] = [];
    let cursor: string | null = null;
    do {
      const page: List = await list(shop, `${query}${cursor ? `&cursor=${cursor}` : ""}`);
      found.push(...page.data);
      cursor = page.pagination.nextCursor;
      expect(cursor === null || /^[\w-]+$/.test(cursor)).toBe(true);
      await meanwhile();
    } while (cursor);
    return found;
  }

  it("by cursor walks everything that was there at the beginning, once, while invoices are added", async () => {
    const shop = await newShop();
    await insert(shop, { count: 60, at: "2024-03-01T12:00:00Z" });
    await insert(shop, { count: 33, at: "2024-03-02T12:00:00Z" });
    const before = (await walk(shop, "?limit=100")).map(({ id }) => id);
    let next = 100;
    const found = await walk(shop, "?limit=10", async () => {
      const body = { amountUsdt: String(next++), assetCode: "USDT_ERC20" };
      const made = await Promise.all([1, 2, 3].map(() => call("POST", "/invoices", { key: shop.testKey, body })));
      expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    });
    expect(found.map(({ id }) => id)).toEqual(before);
    expect((await list(shop, "?limit=1")).pagination.total).toBe(93 + 30);
  });

  it("by cursor keeps to the filters that stand beside it", async () => {
    const shop = await newShop(["ethereum", "bsc"]);
    for (const network of ["ethereum", "bsc"] as const) {
      for (const status of ["pending", "expired"] as const) {
        await insert(shop, { count: 9, network, status, at: "2024-03-01T12:00:00Z" });
        await insert(shop, { count: 4, network, status, at: "2024-04-01T12:00:00Z" });
      }
    }
    const found = await walk(shop, "?limit=4&status=expired&assetCode=USDT_BSC&to=2024-03-31");
    expect(found).toHaveLength(9);
    expect(new Set(found.map(({ id }) => id)).size).toBe(9);
    for (const item of found) expect(item).toMatchObject({ status: "expired", assetCode: assetOf("bsc") });
  });

  it("the totals are right after every create and cancel, folded or not, and with every filter", async () => {
    const shop = await newShop(["ethereum", "bsc"]);
    const expected = { pending: 0, cancelled: 0 };
    const check = async () => {
      const totals = async (query: string) => (await list(shop, `?limit=1${query}`)).pagination.total;
      const { pending, cancelled } = expected;
      expect([
        await totals(""),
        await totals("&status=pending"),
        await totals("&status=cancelled"),
        await totals("&status=cancelled&assetCode=USDT_ERC20"),
        await totals("&status=pending&assetCode=USDT_BSC"),
        await totals("&from=2024-01-01&status=cancelled"),
      ]).toEqual([pending + cancelled, pending, cancelled, cancelled, 0, cancelled]);
    };
    for (let i = 0; i < 6; i++) {
      const body = { amountUsdt: String(500 + i), assetCode: "USDT_ERC20" };
      const made = await call("POST", "/invoices", { key: shop.testKey, body });
      expected.pending++;
      if (i % 3 === 0) await foldAll();
      await check();
      if (i % 2 === 0) continue;
      await call("POST", `/invoices/${made.body.id}/cancel`, { key: shop.testKey });
      expected.pending--;
      expected.cancelled++;
      await check();
    }
  });
});

describe("the tallies", () => {
  it("lose and double nothing while invoices are created, cancelled and folded at once", async () => {
    const shops = await Promise.all([newShop(), newShop()]);
    let busy = true;
    const folding = Promise.all(
      [1, 2, 3].map(async () => {
        while (busy) await foldTallyChanges(db());
      }),
    );
    // A reader must never see a change in both places, or in neither: what was created stays counted.
    const seen: number[] = [];
    const reading = (async () => {
      while (busy) seen.push((await list(shops[0] as Shop, "?limit=1")).pagination.total ?? -1);
    })();
    await Promise.all(
      shops.flatMap((shop) =>
        Array.from({ length: 8 }, async (_, worker) => {
          for (let i = 0; i < 12; i++) {
            const body = { amountUsdt: String(1000 + worker * 100 + i) };
            const made = await call("POST", "/invoices", { key: shop.testKey, body });
            expect(made.status, made.text).toBe(201);
            if (i % 2) await call("POST", `/invoices/${made.body.id}/cancel`, { key: shop.testKey });
          }
        }),
      ),
    );
    busy = false;
    await Promise.all([folding, reading]);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const counted = async () => {
      const rows = await db().execute<{ line: string }>(sql`
        select merchant_id || ' ' || status || ' ' || sum(count) || ' ' || sum(volume) as line from (
          select * from (select merchant_id, status, count, volume from invoice_tallies where hour = '-infinity') t
          union all select merchant_id, status, count, volume from invoice_tally_changes) u
        where merchant_id in (${shops[0]?.id}::uuid, ${shops[1]?.id}::uuid) group by merchant_id, status order by 1`);
      return rows.map(({ line }) => line);
    };
    const real = await db().execute<{ line: string }>(sql`
      select merchant_id || ' ' || status || ' ' || count(*) || ' ' || sum(amount) as line from invoices
      where merchant_id in (${shops[0]?.id}::uuid, ${shops[1]?.id}::uuid) group by merchant_id, status order by 1`);
    expect(real.map(({ line }) => line.split(" ")[2])).toEqual(["48", "48", "48", "48"]);
    expect(await counted()).toEqual(real.map(({ line }) => line));
    await foldAll();
    expect(await counted()).toEqual(real.map(({ line }) => line));
    expect(await db().execute(sql`select 1 from invoice_tally_changes`)).toHaveLength(0);
    for (const shop of shops) {
      const { body } = await call("GET", "/account", { key: shop.testKey });
      const counts = { pending: 48, confirmed: 0, expired: 0, cancelled: 48 };
      const statistics = body.statistics as { last24Hours: unknown };
      expect(statistics).toMatchObject({ total: 96, byStatus: counts });
      expect(statistics.last24Hours).toMatchObject({ total: 96, byStatus: counts });
    }
  });
});

describe("GET /account", () => {
  type Account = {
    statistics: Record<string, unknown> & { last24Hours: unknown; last30Days: unknown };
    wallets: Record<string, unknown>[];
    networks: Record<string, unknown>[];
  };
  const read = async (shop: Shop, key = shop.testKey) =>
    (await call("GET", "/account", { key })).body as unknown as Account & Record<string, unknown>;

  it("tells who you are, your wallets, and nothing secret", async () => {
    const shop = await newShop(["ethereum", "tron"]);
    const second = await shop.addWallet("ethereum");
    const account = await read(shop);
    expect(Object.keys(account)).toEqual("id name email status createdAt mode wallets statistics networks".split(" "));
    expect(account).toMatchObject({
      id: shop.id,
      name: "Shop",
      email: expect.stringMatching(/@example\.com$/),
      status: "active",
      createdAt: expect.stringMatching(TIME),
      mode: "test",
    });
    expect((await read(shop, shop.liveKey)).mode).toBe("live");
    expect(account.wallets).toHaveLength(3);
    expect(account.wallets.find(({ id }) => id === second.id)).toEqual({
      id: second.id,
      network: "ethereum",
      assetCode: "USDT_ERC20",
      address: second.address,
      label: null,
      isDefault: false,
      createdAt: expect.stringMatching(TIME),
    });
    expect(account.wallets.filter(({ isDefault }) => isDefault)).toHaveLength(2);
    const text = JSON.stringify(account);
    for (const secret of [shop.webhookSecret, shop.testKey, shop.liveKey, "v1."]) expect(text).not.toContain(secret);
  });

  it("counts by status and sums what was confirmed: of all time, of 24 hours and of 30 days, of its mode only", async () => {
    const shop = await newShop(["ethereum", "bsc"]);
    await insert(shop, { count: 2, status: "confirmed", units: 1_500_000 });
    await insert(shop, { status: "confirmed", network: "bsc", units: 1 });
    await insert(shop, { count: 3, status: "pending" });
    const at = async (hours: number) =>
      String((await db().execute(sql`select (now() - make_interval(secs => ${hours * 3600})) as t`))[0]?.t);
    await insert(shop, { count: 4, status: "expired", at: await at(23.99) });
    await insert(shop, { count: 5, status: "expired", at: await at(24.01) });
    await insert(shop, { count: 6, status: "confirmed", units: 20_000, at: await at(30 * 24 - 0.01) });
    await insert(shop, { count: 7, status: "cancelled", at: await at(30 * 24 + 0.01) });
    await insert(shop, { count: 1, status: "confirmed", units: 9_999_999_999_999, at: await at(400 * 24) });
    await insert(shop, { count: 9, status: "confirmed", mode: "live", units: 70_000 });
    const expected = {
      total: 29,
      byStatus: { pending: 3, confirmed: 10, expired: 9, cancelled: 7 },
      confirmedVolumeUsdt: "1000000312.0000",
      last24Hours: {
        total: 10,
        byStatus: { pending: 3, confirmed: 3, expired: 4, cancelled: 0 },
        confirmedVolumeUsdt: "300.0001",
      },
      last30Days: {
        total: 21,
        byStatus: { pending: 3, confirmed: 9, expired: 9, cancelled: 0 },
        confirmedVolumeUsdt: "312.0001",
      },
    };
    expect((await read(shop)).statistics).toEqual(expected);
    await foldAll();
    expect((await read(shop)).statistics).toEqual(expected);
    expect((await read(shop, shop.liveKey)).statistics).toMatchObject({
      total: 9,
      confirmedVolumeUsdt: "63.0000",
      last24Hours: { total: 9 },
    });
  });

  it("is all zeros for a new merchant, in the same form", async () => {
    const none = {
      total: 0,
      byStatus: { pending: 0, confirmed: 0, expired: 0, cancelled: 0 },
      confirmedVolumeUsdt: "0.0000",
    };
    expect((await read(await newShop())).statistics).toEqual({ ...none, last24Hours: none, last30Days: none });
  });

  it("tells of every network whether it is scanned and how far behind that is", async () => {
    const shop = await newShop();
    const { networks } = await read(shop);
    expect(networks.map(({ network, label, assetCode }) => [network, label, assetCode])).toEqual([
      ["tron", "Tron (TRC20)", "USDT_TRC20"],
      ["ethereum", "Ethereum (ERC20)", "USDT_ERC20"],
      ["bsc", "BNB Smart Chain (BEP20)", "USDT_BSC"],
    ]);
    const off = { status: "off", healthy: false, blocksBehind: null, secondsBehind: null };
    expect(networks[0]).toMatchObject(off);
    expect(networks[1]).toMatchObject({ status: "starting", healthy: false, blocksBehind: null });
    expect(networks[2]).toMatchObject(off);
  });
});

describe("GET /account/api-logs", () => {
  type Log = Record<string, unknown>;
  async function logs(shop: Shop, query = "", key = shop.testKey) {
    await flushRequestLog();
    const answer = await call("GET", `/account/api-logs${query}`, { key });
    expect(answer.status, answer.text).toBe(200);
    return answer.body as unknown as { data: Log[]; pagination: Record<string, number> };
  }

  it("shows a request with every documented field, in their order", async () => {
    const shop = await newShop();
    const sent = await call("POST", "/invoices?x=1", {
      key: shop.testKey,
      body: { amountUsdt: "12.5", reference: "LOGGED" },
      headers: { "user-agent": "shop/1.0", "x-forwarded-for": "198.51.100.7, 203.0.113.9" },
    });
    const { data } = await logs(shop);
    expect(Object.keys(data[0] ?? {})).toEqual(
      "id method path statusCode durationMs ip userAgent requestId requestBody responseBody errorCode createdAt".split(
        " ",
      ),
    );
    expect(data[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: "POST",
      path: "/api/v1/invoices?x=1",
      statusCode: 201,
      durationMs: expect.any(Number),
      ip: "203.0.113.9",
      userAgent: "shop/1.0",
      requestId: sent.headers.get("x-request-id"),
      requestBody: '{"amountUsdt":"12.5","reference":"LOGGED"}',
      responseBody: sent.text,
      errorCode: null,
      createdAt: expect.stringMatching(TIME),
    });
  });

  it("shows failed requests with their code: refused, not found, over the limit of the body, of a suspended merchant", async () => {
    const shop = await newShop();
    const { testKey: key } = shop;
    await call("POST", "/invoices", { key, body: { amountUsdt: "0.00001" } });
    await call("POST", "/invoices", { key, body: "{" });
    await call("GET", `/invoices/${randomUUID()}`, { key });
    await call("POST", "/invoices", { key, body: { amountUsdt: 1 }, headers: { "content-type": "text/plain" } });
    await call("POST", "/invoices", { key, body: `{"x":"${"x".repeat(200_000)}"}` });
    await changeMerchantStatus(shop.id, "suspended", "test");
    await call("GET", "/account", { key });
    await changeMerchantStatus(shop.id, "active", "test");
    const { data } = await logs(shop);
    expect(data.map(({ statusCode, errorCode }) => [statusCode, errorCode]).reverse()).toEqual([
      [400, "invalid_request"],
      [400, "malformed_json"],
      [404, "not_found"],
      [415, "unsupported_media_type"],
      [413, "body_too_large"],
      [403, "account_suspended"],
    ]);
    expect(data.at(-2)).toMatchObject({ requestBody: "{" });
  });

  it("is newest first, in pages that give each request once", async () => {
    const shop = await newShop();
    for (let i = 0; i < 12; i++) await call("GET", `/invoices?page=${i + 1}`, { key: shop.testKey });
    await flushRequestLog();
    // Asking is itself a request, which the next page would show: so the rows are read without being added to.
    const first = await logs(shop, "?limit=5");
    expect(first.pagination).toEqual({ page: 1, limit: 5, total: 12, totalPages: 3 });
    expect(first.data.map(({ path }) => path)).toEqual([12, 11, 10, 9, 8].map((n) => `/api/v1/invoices?page=${n}`));
    const second = await logs(shop, "?limit=5&page=2");
    expect(second.pagination).toEqual({ page: 2, limit: 5, total: 13, totalPages: 3 });
    expect(second.data.map(({ path }) => path)).toEqual([8, 7, 6, 5, 4].map((n) => `/api/v1/invoices?page=${n}`));
    expect((await logs(shop)).pagination.limit).toBe(50);
    expect((await logs(shop, "?page=99")).data).toEqual([]);
  });

  it.each(["limit=0", "limit=101", "page=0", "page=x"])("?%s is 400", async (query) => {
    const shop = await newShop();
    const answer = await call("GET", `/account/api-logs?${query}`, { key: shop.testKey });
    expect([answer.status, pathsOf(answer.body)]).toEqual([400, [query.split("=")[0]]]);
  });

  it("shows nobody else's and nothing of the other mode", async () => {
    const [shop, other] = [await newShop(), await newShop()];
    await call("GET", "/account?mine", { key: shop.testKey });
    await call("GET", "/account?live", { key: shop.liveKey });
    await call("GET", "/account?theirs", { key: other.testKey });
    await call("GET", "/account?nobody", { key: `test_${"x".repeat(40)}` });
    expect((await logs(shop)).data.map(({ path }) => path)).toEqual(["/api/v1/account?mine"]);
    expect((await logs(shop, "", shop.liveKey)).data.map(({ path }) => path)).toEqual(["/api/v1/account?live"]);
    expect((await logs(other)).data.map(({ path }) => path)).toEqual(["/api/v1/account?theirs"]);
  });

  it("masks secrets wherever they stand: keys, webhook secrets, cancel tokens, passwords", async () => {
    const shop = await newShop();
    const { webhookSecret } = await rotateWebhookSecret(shop.id, { grace: 0 }, "test");
    const made = await call(
      "POST",
      `/invoices?api_key=letmein&k=${shop.liveKey}&s=${encodeURIComponent(webhookSecret)}`,
      {
        key: shop.testKey,
        body: {
          amountUsdt: "15",
          useWhiteLabel: true,
          title: `${shop.liveKey} and ${webhookSecret}`,
          callbackUrl: "https://shop.example.com/hook?token=hunter2&x=1",
          metadata: { password: "hunter2", client_secret: "hunter2", nested: [{ "Access-Token": 'hun"ter2' }], pin: 1 },
          note: { accessToken: 123456789 },
        },
        headers: { "user-agent": `curl ${shop.testKey}` },
      },
    );
    expect(made.status, made.text).toBe(201);
    const token = /token=([\w-]{32})/.exec((made.body.whiteLabel as Item).cancelUrl ?? "")?.[1];
    const { data } = await logs(shop);
    const text = JSON.stringify(data);
    const secrets = [shop.liveKey, shop.testKey, webhookSecret, "hunter2", "ter2", "letmein", "123456789"];
    for (const secret of [...secrets, token ?? "no token"]) expect(text).not.toContain(secret);
    expect(text).not.toContain(encodeURIComponent(webhookSecret).slice(-20));
    expect(data[0]).toMatchObject({ statusCode: 201, userAgent: "curl test_[masked]" });
    expect(data[0]?.responseBody).toContain('/cancel?token=[masked]"');
    expect(data[0]?.requestBody).toContain('"pin":1');
  });

  it.each(["x", "é", "€", "😀", "a😀", "ab😀", "abc😀"])(
    "cuts bodies of %s to at most 8 KB, between characters",
    async (piece) => {
      const shop = await newShop();
      const body = `{"amountUsdt":"x","note":"${piece.repeat(9000)}"}`;
      await call("POST", "/invoices", { key: shop.testKey, body });
      const { data } = await logs(shop);
      const logged = String(data[0]?.requestBody);
      expect(Buffer.byteLength(logged)).toBeLessThanOrEqual(8192);
      expect(Buffer.byteLength(logged)).toBeGreaterThan(8180);
      expect(logged.endsWith("…")).toBe(true);
      expect(body.startsWith(logged.slice(0, -1))).toBe(true);
      expect(logged.isWellFormed()).toBe(true);
    },
  );

  it("a body of exactly 8 KB is kept whole", async () => {
    const shop = await newShop();
    const body = `{"amountUsdt":"x","note":"${"x".repeat(8192 - 28)}"}`;
    expect(Buffer.byteLength(body)).toBe(8192);
    await call("POST", "/invoices", { key: shop.testKey, body });
    expect((await logs(shop)).data[0]?.requestBody).toBe(body);
  });

  it("takes bytes that PostgreSQL cannot hold: NUL in bodies and paths, and bytes that are no UTF-8", async () => {
    const shop = await newShop();
    const { testKey: key } = shop;
    await call("POST", "/invoices", { key, body: '{"amountUsdt":"1","title":"a\0b"}' });
    await call("POST", "/invoices", { key, body: '{"amountUsdt":"1","title":"a\\u0000b"}' });
    await call("GET", "/invoices/%00", { key });
    await call("GET", "/invoices?reference=%00", { key });
    await call("POST", "/invoices", { key, body: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) });
    const { data } = await logs(shop);
    expect(data.map(({ statusCode }) => statusCode)).toEqual([400, 400, 404, 400, 400]);
    expect(data.at(-1)?.requestBody).toBe('{"amountUsdt":"1","title":"a\uFFFDb"}');
  });
});

describe("isolation", () => {
  it("no endpoint shows or changes another merchant's or the other mode's invoice, and says the same as of none", async () => {
    const [shop, other] = [await newShop(), await newShop()];
    const made = await call("POST", "/invoices", { key: shop.testKey, body: { amountUsdt: "7", reference: "MINE" } });
    const id = String(made.body.id);
    const body = (value: object) => ({ body: value });
    const requests = (invoiceId: string, reference: string): [string, string, { body?: unknown }][] => [
      ["GET", `/invoices/${invoiceId}`, {}],
      ["GET", `/invoices/reference/${reference}`, {}],
      ["POST", `/invoices/${invoiceId}/cancel`, {}],
      ["POST", "/sandbox/simulate-payment", body({ invoiceId })],
      ["POST", "/sandbox/trigger-expiry", body({ invoiceId })],
      ["POST", "/sandbox/test-webhook", body({ invoiceId, url: "https://shop.example.com" })],
    ];
    const plain = (answer: { body: Record<string, unknown> }) => ({ ...answer.body, requestId: "" });
    for (const key of [other.testKey, other.liveKey, shop.liveKey]) {
      const none = requests(randomUUID(), "NONE");
      for (const [i, [method, path, request]] of requests(id, "MINE").entries()) {
        const answer = await call(method, path, { key, ...request });
        const sandboxLive = path.startsWith("/sandbox") && key.startsWith("live_");
        expect(answer.status, `${path} ${answer.text}`).toBe(sandboxLive ? 403 : 404);
        const [noneMethod, nonePath, noneRequest] = none[i] ?? ["", "", {}];
        expect(plain(answer)).toEqual(plain(await call(noneMethod, nonePath, { key, ...noneRequest })));
      }
      expect((await call("GET", "/invoices", { key })).body).toMatchObject({ data: [], pagination: { total: 0 } });
      expect((await call("GET", "/account", { key })).body).toMatchObject({ statistics: { total: 0 } });
      for (const query of ["?reference=MINE", "?status=pending", "?from=2024-01-01"]) {
        expect((await call("GET", `/invoices${query}`, { key })).body).toMatchObject({ pagination: { total: 0 } });
      }
    }
    const still = await call("GET", `/invoices/${id}`, { key: shop.testKey });
    expect(still.text).toBe(made.text);
  });

  it("a cursor of one merchant shows another only its own invoices", async () => {
    const [shop, other] = [await newShop(), await newShop()];
    await insert(shop, { count: 3, at: "2024-01-02T00:00:00Z" });
    await insert(other, { count: 2, at: "2024-01-01T00:00:00Z" });
    const theirs = await list(shop, "?limit=1");
    const seen = await list(other, `?cursor=${theirs.pagination.nextCursor}`);
    expect(seen.data).toHaveLength(2);
    expect(seen.pagination.total).toBe(2);
  });

  it("a wallet of another merchant is none of yours", async () => {
    const [shop, other] = [await newShop(), await newShop()];
    const body = { amountUsdt: "7", walletId: other.wallets.ethereum };
    expect(await call("POST", "/invoices", { key: shop.testKey, body })).toMatchObject({ status: 400 });
    const mine = { amountUsdt: "7", walletId: shop.wallets.ethereum?.toUpperCase() };
    expect(await call("POST", "/invoices", { key: shop.testKey, body: mine })).toMatchObject({ status: 201 });
  });
});
