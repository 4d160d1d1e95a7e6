import { createHmac } from "node:crypto";
import { and, eq, isNull } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { payments, simulations, transfers, wallets } from "@/db/schema";
import { useWorld } from "@/e2e/world";
import { runShutdown } from "@/lib/shutdown";
import { addWallet } from "@/lib/wallets/service";

/** Test mode with its jobs running as in a server; no chain at all. */
const world = useWorld([]);

beforeAll(async () => {
  await addWallet(
    world.merchant.merchantId,
    { network: "tron", address: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy" },
    "test",
  );
  const { startEmbeddedEngine } = await import("@/lib/jobs/embedded");
  startEmbeddedEngine();
});
afterAll(runShutdown);

const key = () => ({ key: world.merchant.testKey });
let next = 1000;
async function newInvoice(fields: Record<string, unknown> = {}) {
  const answer = await world.api(
    "POST",
    "/invoices",
    { amountUsdt: String(next++), callbackUrl: `${world.receiver.url}/hook`, ...fields },
    key(),
  );
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Record<string, string>;
}
const read = async (id: unknown) =>
  (await world.api("GET", `/invoices/${id}`, undefined, key())).body as Record<string, never>;
const simulate = (body: Record<string, unknown>) => world.api("POST", "/sandbox/simulate-payment", body, key());
const typesOf = (invoice: Record<string, string>) =>
  world.receiver.requests
    .filter((r) => r.headers["x-invoice-reference"] === invoice.reference)
    .map((r) => JSON.parse(r.body).type);
async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, ms = 10_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const unmatchedOf = (invoice: Record<string, string>) =>
  db()
    .select({ value: transfers.value, status: transfers.status })
    .from(transfers)
    .leftJoin(payments, eq(payments.transferId, transfers.id))
    .innerJoin(wallets, eq(wallets.addressKey, transfers.toAddressKey))
    .where(and(isNull(payments.invoiceId), eq(wallets.id, invoice.walletId ?? ""), eq(transfers.mode, "test")));

describe("the sandbox", () => {
  it("confirms an exact payment through blocks that deepen and sends the webhook that production sends", async () => {
    const invoice = await newInvoice({ metadata: { a: 1 } });
    const answer = await simulate({ invoiceId: invoice.id });
    expect(answer).toMatchObject({ status: 200, body: { scenario: "exact", status: "sent" } });
    const seen = await until(
      () => read(invoice.id),
      (i) => i.payment !== null,
    );
    expect(seen).toMatchObject({ payment: { requiredConfirmations: 20 } });
    expect((seen.payment as unknown as { txHash: string }).txHash).toMatch(/^[0-9a-f]{64}$/);
    const confirmed = await until(
      () => read(invoice.id),
      (i) => i.status === "confirmed",
    );
    expect(confirmed.paidAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const webhook = await world.receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.reference);
    const body = JSON.parse(webhook.body);
    expect(Object.keys(body).slice(0, 9)).toEqual([
      "invoice_reference",
      "merchant_id",
      "status",
      "asset_code",
      "payout_address",
      "amount_usdt_exact",
      "tx_hash",
      "metadata",
      "paid_at",
    ]);
    expect(body).toMatchObject({
      type: "invoice.confirmed",
      is_test: true,
      tx_hash: confirmed.txHash,
      paid_at: confirmed.paidAt,
    });
    const expected = createHmac("sha256", world.merchant.webhookSecret).update(webhook.body).digest("hex");
    expect(webhook.headers["x-webhook-signature"]).toBe(expected);
  });

  it.each(["underpaid", "overpaid"])("leaves an %s invoice pending and keeps the transfer", async (scenario) => {
    const invoice = await newInvoice();
    await simulate({ invoiceId: invoice.id, scenario });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await read(invoice.id)).toMatchObject({ status: "pending", payment: null });
    const asked = BigInt(String(invoice.amountUsdtExact).replace(".", "")) * 100n;
    const expected = scenario === "underpaid" ? asked - asked / 10n : asked + asked / 10n;
    expect((await unmatchedOf(invoice)).map((row) => row.value)).toContain(expected);
  });

  it.each([
    ["underpaid", "700", "630", 629_999_950n],
    ["overpaid", "800", "880", 879_999_950n],
  ])("never pays another invoice with an %s one", async (scenario, amountUsdt, othersAmount, value) => {
    const invoice = await newInvoice({ amountUsdt });
    const other = await newInvoice({ amountUsdt: othersAmount });
    await simulate({ invoiceId: invoice.id, scenario });
    await until(
      () => unmatchedOf(invoice),
      (rows) => rows.some((row) => row.value === value),
    );
    expect(await read(other.id)).toMatchObject({ status: "pending", payment: null });
  });

  it("expires an invoice that is paid late and does not credit the transfer", async () => {
    const invoice = await newInvoice();
    await simulate({ invoiceId: invoice.id, scenario: "late" });
    expect((await read(invoice.id)).status).toBe("expired");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await read(invoice.id)).toMatchObject({ status: "expired", payment: null, txHash: null });
    await world.receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.reference);
    expect(typesOf(invoice)).toEqual(["invoice.expired"]);
  });

  it("does not expire an invoice that is being paid when another payment of it comes late", async () => {
    const invoice = await newInvoice();
    await simulate({ invoiceId: invoice.id });
    await until(
      () => read(invoice.id),
      (i) => i.payment !== null,
    );
    await simulate({ invoiceId: invoice.id, scenario: "late" });
    await until(
      () => read(invoice.id),
      (i) => i.status === "confirmed",
    );
    expect(await read(invoice.id)).toMatchObject({ expiredAt: null, expiresAt: invoice.expiresAt });
    expect(typesOf(invoice)).not.toContain("invoice.expired");
  });

  it("credits a duplicate payment once", async () => {
    const invoice = await newInvoice();
    await simulate({ invoiceId: invoice.id, scenario: "duplicate" });
    await until(
      () => read(invoice.id),
      (i) => i.status === "confirmed",
    );
    await world.receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.reference);
    const asked = BigInt(String(invoice.amountUsdtExact).replace(".", "")) * 100n;
    expect((await unmatchedOf(invoice)).filter((row) => row.value === asked)).toHaveLength(1);
    expect(typesOf(invoice)).toEqual(["invoice.confirmed"]);
  });

  it("shows a reorged payment, takes it away with its block, and takes another", async () => {
    const invoice = await newInvoice();
    await simulate({ invoiceId: invoice.id, scenario: "reorged" });
    await until(
      () => read(invoice.id),
      (i) => i.payment !== null,
    );
    expect(
      await until(
        () => read(invoice.id),
        (i) => i.payment === null,
      ),
    ).toMatchObject({ status: "pending" });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await read(invoice.id)).status).toBe("pending");
    await simulate({ invoiceId: invoice.id });
    await until(
      () => read(invoice.id),
      (i) => i.status === "confirmed",
    );
  });

  it("makes a delayed payment at its time, as a row that survives a restart", async () => {
    const invoice = await newInvoice();
    const answer = await simulate({ invoiceId: invoice.id, delaySeconds: 2 });
    expect(answer.body).toMatchObject({ status: "scheduled" });
    const [row] = await db()
      .select()
      .from(simulations)
      .where(eq(simulations.invoiceId, invoice.id ?? ""));
    expect(row?.doneAt).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await read(invoice.id)).payment).toBeNull();
    await until(
      () => read(invoice.id),
      (i) => i.status === "confirmed",
    );
  });

  it("expires an invoice when it is told to, once, and sends its webhook", async () => {
    const invoice = await newInvoice();
    const answer = await world.api("POST", "/sandbox/trigger-expiry", { invoiceId: invoice.id }, key());
    expect(answer).toMatchObject({ status: 200, body: { status: "expired" } });
    await world.receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.reference);
    const again = await world.api("POST", "/sandbox/trigger-expiry", { invoiceId: invoice.id }, key());
    expect(again).toMatchObject({ status: 400, body: { code: "invoice_not_pending" } });
    expect(await simulate({ invoiceId: invoice.id })).toMatchObject({
      status: 400,
      body: { code: "invoice_not_pending" },
    });
    expect(typesOf(invoice)).toEqual(["invoice.expired"]);
  });

  it("sends a test webhook at once and tells what was sent and what came back", async () => {
    world.receiver.behave({ status: 418, body: "short and stout" }, "/teapot");
    const answer = await world.api("POST", "/sandbox/test-webhook", { url: `${world.receiver.url}/teapot` }, key());
    expect(answer.status).toBe(200);
    const { request, response } = answer.body as unknown as {
      request: { headers: Record<string, string>; body: string };
      response: Record<string, unknown>;
    };
    expect(response).toMatchObject({ delivered: false, statusCode: 418, body: "short and stout" });
    const received = world.receiver.requests.find((r) => r.path === "/teapot");
    expect(received?.body).toBe(request.body);
    expect(received?.headers["x-webhook-signature"]).toBe(request.headers["X-Webhook-Signature"]);
    // Every field may be left out, and so may the body.
    for (const body of [{}, undefined]) {
      const without = await world.api("POST", "/sandbox/test-webhook", body, key());
      expect(without).toMatchObject({ status: 400, body: { code: "no_webhook_url" } });
    }
    const blocked = await world.api("POST", "/sandbox/test-webhook", { url: "http://10.0.0.1/" }, key());
    expect(blocked).toMatchObject({ status: 400, body: { code: "url_not_allowed" } });
  });

  it("refuses live keys, other merchants' invoices and nonsense", async () => {
    const invoice = await newInvoice();
    const live = { key: world.merchant.liveKey };
    for (const path of ["simulate-payment", "trigger-expiry", "test-webhook"]) {
      const answer = await world.api("POST", `/sandbox/${path}`, { invoiceId: invoice.id }, live);
      expect(answer).toMatchObject({ status: 403, body: { code: "test_key_required" } });
    }
    const other = await world.newMerchant();
    for (const path of ["simulate-payment", "trigger-expiry", "test-webhook"]) {
      const answer = await world.api("POST", `/sandbox/${path}`, { invoiceId: invoice.id }, { key: other.testKey });
      expect(answer).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    const nonsense = await simulate({ invoiceId: "x", delaySeconds: 3601, scenario: "nice" });
    expect(nonsense.status).toBe(400);
    expect((nonsense.body.details as { path: string }[]).map((d) => d.path)).toEqual([
      "invoiceId",
      "delaySeconds",
      "scenario",
    ]);
  });
});
