import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type ReceivedRequest, type Receiver, startReceiver } from "@/e2e/receiver";
import {
  DuplicateReferenceError,
  type Fetch,
  InvalidRequestError,
  NotFoundError,
  PayoutAddressError,
  PermissionError,
  RateLimitError,
  UsdtGateway,
  type UsdtGatewayOptions,
  WebhookVerificationError,
} from "@/sdk/node/src/index";

/** The SDK against the real server: every method, and the money through the failures it is made for. */

type Merchant = { merchantId: string; testKey: string; liveKey: string; webhookSecret: string };
const WALLET = "0x1111111111111111111111111111111111111111";
const TRON_WALLET = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";

let server: Gateway;
let receiver: Receiver;
let merchant: Merchant;
let gateway: UsdtGateway;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await startGateway({ env: { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" } });
  merchant = await newMerchant("shop");
  gateway = client();
});
afterAll(async () => {
  await server?.stop();
  await receiver?.close();
});

async function newMerchant(name: string): Promise<Merchant> {
  const made = await server.admin<Merchant>("merchant:create", "--email", `${name}@example.com`, "--name", name);
  for (const [network, address] of [["ethereum", WALLET] as const, ["tron", TRON_WALLET] as const]) {
    await server.admin("wallet:add", "--merchant", made.merchantId, "--network", network, "--address", address);
  }
  return made;
}

function client(options: Partial<UsdtGatewayOptions> = {}, key = merchant.testKey): UsdtGateway {
  return new UsdtGateway(key, { baseUrl: server.url, ...options });
}

let orders = 0;
const order = (more = {}) => ({
  amountUsdt: "25",
  assetCode: "USDT_ERC20" as const,
  reference: `SDK-${++orders}`,
  callbackUrl: `${receiver.url}/hook`,
  metadata: { orderId: "žluť 🐴", "2": 1, "1": 2 },
  ...more,
});
const webhookOf = (reference: string) =>
  receiver.waitFor(({ headers }) => headers["x-invoice-reference"] === reference, 30_000);
const verify = ({ body, headers }: ReceivedRequest, secret = merchant.webhookSecret) =>
  gateway.webhooks.verify(body, headers, secret);

describe("an invoice", () => {
  it("is created, read in every way, paid, and told of by a webhook that verifies", async () => {
    const request = order({ title: "Two lamps", returnUrl: "https://shop.example.com/done", useWhiteLabel: true });
    const created = await gateway.invoices.create(request);
    expect(created).toMatchObject({
      reference: request.reference,
      amountUsdt: "25.0000",
      status: "pending",
      isTest: true,
      payoutAddress: WALLET,
      title: "Two lamps",
      metadata: request.metadata,
      whiteLabel: { qrData: WALLET },
    });
    expect(await gateway.invoices.retrieve(created.id)).toEqual(created);
    expect(await gateway.invoices.retrieveByReference(created.reference)).toEqual(created);

    const simulation = await gateway.sandbox.simulatePayment({ invoiceId: created.id });
    expect(simulation).toMatchObject({ scenario: "exact", status: "sent", invoice: { id: created.id } });
    const confirmed = await gateway.invoices.waitFor(created.id, { intervalMs: 100, timeoutMs: 60_000 });
    expect(confirmed).toMatchObject({ status: "confirmed", amountUsdtExact: created.amountUsdtExact });

    const event = verify(await webhookOf(created.reference));
    expect(event).toMatchObject({
      type: "invoice.confirmed",
      invoice_id: created.id,
      amount_usdt_exact: created.amountUsdtExact,
      tx_hash: confirmed.txHash,
      paid_at: confirmed.paidAt,
      metadata: request.metadata,
      is_test: true,
      resolution: "automatic",
    });
  });

  it.each(["a/b", "..a", "%2e%2e", 'say "hi" & go?#+=;', "/", "reference"])(
    "is found by the reference %j",
    async (tail) => {
      const reference = `${tail}${tail.length > 1 ? ++orders : ""}`;
      const { id } = await gateway.invoices.create(order({ reference }));
      expect((await gateway.invoices.retrieveByReference(reference)).id).toBe(id);
      expect((await gateway.invoices.list({ reference })).data.map((invoice) => invoice.id)).toEqual([id]);
    },
  );

  it("expires, and is cancelled, each with its event", async () => {
    const expired = await gateway.invoices.create(order());
    expect((await gateway.sandbox.triggerExpiry({ invoiceId: expired.id })).status).toBe("expired");
    expect(verify(await webhookOf(expired.reference))).toMatchObject({ type: "invoice.expired", tx_hash: null });
    const cancelled = await gateway.invoices.create(order());
    expect((await gateway.invoices.cancel(cancelled.id)).status).toBe("cancelled");
    expect(verify(await webhookOf(cancelled.reference))).toMatchObject({ type: "invoice.cancelled", paid_at: null });
    const again = gateway.invoices.cancel(cancelled.id);
    await expect(again).rejects.toMatchObject({ code: "invoice_not_cancellable", attempts: 1 });
  });

  it("has the address of the wallets I name, or is not given to me", async () => {
    const mine = client({ payoutAddresses: { ethereum: WALLET.toUpperCase().replace("0X", "0x"), tron: TRON_WALLET } });
    const { id } = await mine.invoices.create(order({ assetCode: "USDT_TRC20" }));
    const changed = client({ payoutAddresses: ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"] });
    await expect(changed.invoices.retrieve(id)).rejects.toBeInstanceOf(PayoutAddressError);
    await expect(changed.invoices.create(order({ assetCode: "USDT_TRC20" }))).rejects.toMatchObject({
      payoutAddress: TRON_WALLET,
    });
  });
});

describe("created exactly once", () => {
  /** The server does what it is asked, and the answer is lost; `lost` times for each request. */
  function losing(lost: number): Fetch {
    const seen = new Map<string, number>();
    return async (url, init) => {
      const response = await fetch(url, init);
      const key = new Headers(init?.headers).get("idempotency-key") ?? url;
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      if (times > lost) return response;
      await response.text();
      throw new TypeError("fetch failed", {
        cause: Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
      });
    };
  }
  const countOf = async (reference: string) => (await gateway.invoices.list({ reference })).pagination.total;

  it("although the answer is lost twice", async () => {
    const request = order();
    const created = await client({ fetch: losing(2) }).invoices.create(request);
    expect(await gateway.invoices.retrieveByReference(request.reference)).toEqual(created);
    expect(await countOf(request.reference)).toBe(1);
  });

  it("by many calls at once with one idempotency key, without a reference", async () => {
    const { reference: _, ...request } = order();
    const before = (await gateway.invoices.list()).pagination.total;
    const shaky = client({ fetch: losing(1), maxRetries: 8 });
    const idempotencyKey = "order-77";
    const calls = Array.from({ length: 8 }, () => shaky.invoices.create(request, { idempotencyKey }));
    const ids = new Set((await Promise.all(calls)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    expect((await gateway.invoices.list()).pagination.total).toBe(before + 1);
  });

  it("after the caller gave up, with the key that the error names", async () => {
    const request = order();
    const failed = await client({ fetch: losing(9), maxRetries: 0 })
      .invoices.create(request)
      .catch((error) => error);
    expect(failed).toMatchObject({ name: "ConnectionError", code: "ECONNRESET" });
    await gateway.invoices.create(request, { idempotencyKey: failed.idempotencyKey });
    expect(await countOf(request.reference)).toBe(1);
  });

  it("and cancelled although the answer is lost", async () => {
    const { id } = await gateway.invoices.create(order());
    expect((await client({ fetch: losing(1) }).invoices.cancel(id)).status).toBe("cancelled");
  });
});

describe("errors of the real server", () => {
  it("have their classes, fields and cures", async () => {
    const { id, reference } = await gateway.invoices.create(order());
    await expect(gateway.invoices.create(order({ reference }))).rejects.toMatchObject({
      name: DuplicateReferenceError.name,
      invoiceId: id,
      statusCode: 409,
    });
    const wrong = await gateway.invoices
      .create({ amountUsdt: 0.1 + 0.2, title: "x".repeat(201) })
      .catch((error) => error);
    expect(wrong).toBeInstanceOf(InvalidRequestError);
    expect(wrong.details.map(({ path }: { path: string }) => path).sort()).toEqual(["amountUsdt", "title"]);
    expect(wrong.message).toContain("at most 4 decimal places");
    expect(wrong.requestId).toMatch(/^[0-9a-f-]{36}$/);

    const live = client({}, merchant.liveKey);
    expect(live.mode).toBe("live");
    await expect(live.invoices.retrieve(id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(live.sandbox.triggerExpiry({ invoiceId: id })).rejects.toBeInstanceOf(PermissionError);
    const stranger = client({}, `test_${"A".repeat(40)}`);
    await expect(stranger.account.retrieve()).rejects.toMatchObject({ name: "AuthenticationError", statusCode: 401 });
    await expect(client({ baseUrl: `${server.url}/shop` }).account.retrieve()).rejects.toMatchObject({
      name: "UnexpectedResponseError",
    });
  });

  it("say how long to wait when too much is asked", async () => {
    const { testKey } = await newMerchant("busy");
    const busy = client({ maxRetries: 0 }, testKey);
    const asked = await Promise.allSettled(Array.from({ length: 70 }, async () => busy.invoices.list()));
    const refused = asked.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const error of refused) {
      expect(error).toBeInstanceOf(RateLimitError);
      expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
  });
});

it("lists go through every invoice once, in order, by filter", async () => {
  const { testKey } = await newMerchant("list");
  const { invoices } = client({}, testKey);
  const created: string[] = [];
  for (let n = 0; n < 5; n++) created.push((await invoices.create({ amountUsdt: 7, assetCode: "USDT_TRC20" })).id);
  const seen: string[] = [];
  for await (const { id } of invoices.list({ limit: 2 })) seen.push(id);
  expect(seen).toEqual([...created].reverse());
  const page = await invoices.list({ limit: 2, page: 2, status: "pending", from: new Date(Date.now() - 60_000) });
  expect(page.data.map(({ id }) => id)).toEqual([created[2], created[1]]);
  expect(page.pagination).toMatchObject({ page: 2, limit: 2, total: 5, totalPages: 3 });
  expect((await invoices.list({ status: "confirmed" })).data).toEqual([]);
});

it("the account tells its wallets, statistics and requests", async () => {
  const account = await gateway.account.retrieve();
  expect(account).toMatchObject({ id: merchant.merchantId, name: "shop", mode: "test", status: "active" });
  expect(account.wallets.map(({ address }) => address).sort()).toEqual([WALLET, TRON_WALLET].sort());
  expect(account.statistics.total).toBeGreaterThan(0);
  expect(account.networks).toHaveLength(3);
  const logs = await gateway.account.apiLogs({ limit: 5 });
  expect(logs.data).toHaveLength(5);
  expect(logs.data[0]?.userAgent).toMatch(/^usdt-gateway-node\//);
  expect(JSON.stringify(logs.data)).not.toContain(merchant.testKey);
});

describe("webhooks", () => {
  it("a test webhook is genuine, and tells what came back", async () => {
    const result = await gateway.sandbox.testWebhook({ url: `${receiver.url}/try` });
    expect(result.response).toMatchObject({ delivered: true, statusCode: 200, body: "ok" });
    const { body, headers } = result.request;
    expect(gateway.webhooks.verify(body, headers, merchant.webhookSecret).invoice_reference).toBe("TEST-WEBHOOK");
  });

  it("verify through a rotation: the old secret as long as the grace period lasts", async () => {
    const rotating = await newMerchant("rotating");
    const rotated = await server.admin<{ webhookSecret: string }>(
      ...["webhook:rotate-secret", "--merchant", rotating.merchantId, "--grace", "3600"],
    );
    const { invoices, sandbox } = client({}, rotating.testKey);
    const { id, reference } = await invoices.create(order());
    await sandbox.triggerExpiry({ invoiceId: id });
    const webhook = await webhookOf(reference);
    for (const secret of [rotating.webhookSecret, rotated.webhookSecret]) {
      expect(verify(webhook, secret).invoice_id).toBe(id);
    }
    expect(() => verify(webhook)).toThrow(WebhookVerificationError);
  });
});
