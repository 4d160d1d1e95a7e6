import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { signWebhook } from "@/lib/webhooks/sign";
import { UsdtGateway } from "@/sdk/node/src/index";
import { press, type Shop, startShop } from "./example-shop";

/** The shops of examples/: installed in an empty folder, sold from, paid in the sandbox of a real gateway, and delivering once. */

let server: Gateway;
let merchant: { merchantId: string; testKey: string; webhookSecret: string };
let gateway: UsdtGateway;

beforeAll(async () => {
  server = await startGateway({ env: { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" } });
  merchant = await server.admin("merchant:create", "--email", "shop@example.com", "--name", "Shop");
  const wallet = ["--network", "ethereum", "--address", "0x1111111111111111111111111111111111111111"];
  await server.admin("wallet:add", "--merchant", merchant.merchantId, ...wallet);
  gateway = new UsdtGateway(merchant.testKey, { baseUrl: server.url });
});
afterAll(() => server?.stop());

describe.each(["express-shop", "next-shop"])("%s", (name) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop(name, {
      GATEWAY_URL: server.url,
      GATEWAY_API_KEY: merchant.testKey,
      GATEWAY_WEBHOOK_SECRET: merchant.webhookSecret,
    });
  }, 300_000);
  afterAll(() => shop?.stop());

  /** Buys the product, up to the pay page. @returns the order's invoice. */
  async function buy() {
    const paymentUrl = await press(shop.url);
    expect(paymentUrl.startsWith(`${server.url}/`) || paymentUrl.startsWith("http://localhost")).toBe(true);
    const [invoice] = (await gateway.invoices.list({ limit: 1 })).data;
    if (!invoice) throw new Error("no invoice was made");
    expect(invoice).toMatchObject({ paymentUrl, status: "pending", amountUsdt: "12.5000" });
    return { invoice, orderUrl: `${shop.url}/orders/${invoice.reference}` };
  }
  const read = async (url: string) => (await fetch(url)).text();
  async function readUntil(url: string, wanted: RegExp): Promise<string> {
    for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
      const html = await read(url);
      if (wanted.test(html)) return html;
      if (Date.now() > deadline) throw new Error(`${url} never showed ${wanted}:\n${html}\n${shop.output()}`);
    }
  }
  const keyOf = (html: string) => /<code>([0-9a-f]{16})<\/code>/.exec(html)?.[1];
  const deliveries = (reference: string) => shop.output().split(`Order ${reference} is paid and delivered`).length - 1;
  /** Sends the shop a webhook as the gateway signs it. */
  function send(body: string, secret = merchant.webhookSecret): Promise<Response> {
    const deliveryId = "3f0c6a54-6d2f-4f5e-9a43-0d8f6c1b2a77";
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const signature = signWebhook({ body, secrets: [secret], deliveryId, timestampSeconds });
    const headers = { "Content-Type": "application/json", ...signature };
    return fetch(`${shop.url}/webhooks/usdt`, { method: "POST", headers, body });
  }

  it("sells, is paid, hears of it by webhook and delivers, once however often it is told", async () => {
    const { invoice, orderUrl } = await buy();
    expect(invoice.returnUrl).toBe(orderUrl);
    expect((await fetch(invoice.paymentUrl.replace("localhost", "127.0.0.1"))).status).toBe(200);
    expect(await read(orderUrl)).toContain("waiting for your payment");
    // Whoever comes back to pay finds the same invoice.
    expect(await press(orderUrl)).toBe(invoice.paymentUrl);
    expect(keyOf(await read(orderUrl))).toBeUndefined();

    await gateway.sandbox.simulatePayment({ invoiceId: invoice.id });
    const key = keyOf(await readUntil(orderUrl, /Paid\./));
    expect(key).toBeDefined();
    expect(deliveries(invoice.reference)).toBe(1);

    // The same event again, and another one that says the same.
    const again = await gateway.sandbox.testWebhook({ invoiceId: invoice.id });
    expect(again.response).toMatchObject({ delivered: true, statusCode: 200 });
    for (let times = 0; times < 2; times++) expect((await send(again.request.body)).status).toBe(200);
    expect(keyOf(await read(orderUrl))).toBe(key);
    expect(deliveries(invoice.reference)).toBe(1);

    await shop.restart();
    expect(keyOf(await read(orderUrl))).toBe(key);
    expect((await send(again.request.body)).status).toBe(200);
    expect(keyOf(await read(orderUrl))).toBe(key);
    expect(deliveries(invoice.reference)).toBe(1);
  });

  it("believes no webhook that is forged, changed or of the other mode", async () => {
    const { invoice, orderUrl } = await buy();
    const { body } = (await gateway.sandbox.testWebhook({ url: "http://127.0.0.1:1/", invoiceId: invoice.id })).request;
    expect(JSON.parse(body)).toMatchObject({ type: "invoice.confirmed", invoice_reference: invoice.reference });
    const forged = await send(body, `whsec_${Buffer.alloc(32, 7).toString("base64")}`);
    expect(forged.status).toBe(400);
    expect(await forged.text()).toContain("No signature matches");
    expect((await fetch(`${shop.url}/webhooks/usdt`, { method: "POST", body })).status).toBe(400);
    // Genuine, but live: this shop has a test key.
    expect((await send(body.replace('"is_test":true', '"is_test":false'))).status).toBe(200);
    expect(await read(orderUrl)).toContain("waiting for your payment");
    expect(deliveries(invoice.reference)).toBe(0);
    // The check above can fail: this one is believed.
    expect((await send(body)).status).toBe(200);
    expect(await read(orderUrl)).toContain("Paid.");
  });

  it("shows an order whose time is over, and knows no other", async () => {
    const { invoice, orderUrl } = await buy();
    await gateway.sandbox.triggerExpiry({ invoiceId: invoice.id });
    expect(await readUntil(orderUrl, /time to pay is over/)).toContain("Order again");
    expect((await fetch(`${shop.url}/orders/none`)).status).toBe(404);
  });
});
