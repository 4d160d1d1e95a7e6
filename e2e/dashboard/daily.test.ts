import type { BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFindings, watchPage } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { useBrowser } from "@/e2e/use-browser";
import { DashboardMerchant, type MadeInvoice } from "./merchant";

const browser = useBrowser();
let gateway: Gateway;
let receiver: Receiver;
let shop: DashboardMerchant;
let context: BrowserContext;
let paid: MadeInvoice;

beforeAll(async () => {
  receiver = await startReceiver();
  gateway = await startGateway({ env: { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", RATE_LIMIT_MULTIPLIER: "1000" } });
  shop = await DashboardMerchant.create(gateway);
  paid = await shop.create({
    amountUsdt: "120",
    reference: "ORDER-1",
    title: "Oak table",
    callbackUrl: `${receiver.url}/hook`,
  });
  await shop.simulate(paid.id);
  context = await shop.logIn(browser());
  await shop.untilStatus(paid.id, "confirmed");
});
afterAll(async () => {
  await context?.close();
  await gateway?.stop();
  await receiver?.close();
});

const open = (path: string, mode?: string) => shop.open(context, path, mode);
const see = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

describe("an invoice without code", () => {
  it("is created, paid in the sandbox and seen confirmed with its timeline, without reloading", async () => {
    const page = await open("/invoices");
    await page.getByRole("link", { name: "New invoice" }).click();
    await page.getByRole("button", { name: "Create invoice" }).click();
    await see(page, /Amount.*required/i);
    await page.getByLabel("Amount").fill("75.5");
    await page.getByLabel("Title").fill("Desk lamp");
    await page.getByText("More settings").click();
    await page.getByLabel("Reference").fill("LAMP-1");
    await page.getByLabel("Callback URL").fill(`${receiver.url}/hook`);
    await page.getByRole("button", { name: "Create invoice" }).click();
    await page.waitForURL(/\/invoices\/[0-9a-f-]{36}$/);
    await see(page, "75.5000");
    await page.getByRole("button", { name: "Simulate payment" }).click();
    await page.getByRole("heading", { level: 1, name: "LAMP-1" }).waitFor();
    await see(page, "Payment seen on the network");
    await see(page, /^\d+ confirmations deep$/);
    await see(page, /Webhook attempt 1/);
    await page.close();
  });

  it("shows what the service refuses at its field: a reference that is taken", async () => {
    const page = await open("/invoices/new");
    await page.getByLabel("Amount").fill("1,5");
    await page.getByText("More settings").click();
    await page.getByLabel("Reference").fill("ORDER-1");
    await page.getByRole("button", { name: "Create invoice" }).click();
    await see(page, /ORDER-1 is used by another of your invoices/);
    await page.close();
  });

  it("is cancelled after asking, and put on record with its user", async () => {
    const { id } = await shop.create({ amountUsdt: "9", reference: "OFF-1" });
    const page = await open(`/invoices/${id}`);
    await page.getByRole("button", { name: "Cancel invoice" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Cancel invoice" }).click();
    await see(page, "Cancelled in the dashboard");
    await see(page, /By you, from 127\.0\.0\.1/);
    await page.close();
  });
});

describe("finding an invoice", () => {
  it("by reference, amount and hash, with the filter in the URL, and all of it as CSV", async () => {
    const page = await open("/invoices");
    const search = page.getByRole("searchbox");
    for (const text of ["ORDER-1", "120", "oak"]) {
      await search.fill(text);
      await search.press("Enter");
      await page.waitForURL(new RegExp(`q=${text}`));
      await page.getByRole("row", { name: /ORDER-1/ }).waitFor();
      expect(await page.getByRole("row", { name: /LAMP-1/ }).count(), text).toBe(0);
    }
    await page.getByLabel("Status").selectOption("expired");
    await page.waitForURL(/status=expired/);
    await see(page, "No invoice fits this");
    await page.goBack();
    await page.getByRole("row", { name: /ORDER-1/ }).waitFor();
    expect(await search.inputValue()).toBe("oak");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    const csv = await new Response((await download.createReadStream()) as unknown as ReadableStream).text();
    expect(download.suggestedFilename()).toMatch(/^invoices-test-\d{4}-\d\d-\d\d\.csv$/);
    expect(csv.trim().split("\r\n")).toHaveLength(2);
    expect(csv).toContain("ORDER-1,confirmed,120.0000,120.0000,USDT_ERC20");
    await page.close();
  });
});

describe("a transfer that pays nothing", () => {
  it("comes first on the overview, and is accepted for its likely invoice in one confirmation", async () => {
    const invoice = await shop.create({ amountUsdt: "300", reference: "SHORT-1", callbackUrl: `${receiver.url}/hook` });
    await shop.simulate(invoice.id, "underpaid");
    const page = await open("");
    await see(page, "1 transfer pays no invoice");
    await page.getByRole("link", { name: "Decide" }).click();
    await see(page, "Too little");
    // A payment is accepted when it is final.
    await page.waitForTimeout(2_500);
    await page.getByRole("button", { name: "Accept" }).click();
    const window = page.getByRole("alertdialog");
    expect(await window.getByLabel("Invoice").inputValue()).toBe("SHORT-1");
    await window.getByRole("button", { name: "Accept transfer" }).click();
    await see(page, "Every transfer that reached your wallets pays an invoice");
    await shop.untilStatus(invoice.id, "confirmed");
    const { body } = await receiver.waitFor((request) => request.body.includes("SHORT-1"));
    expect(JSON.parse(body)).toMatchObject({ status: "confirmed", resolution: "manual" });
    await page.getByRole("link", { name: "All", exact: true }).click();
    await page.getByRole("link", { name: "SHORT-1" }).waitFor();
    await page.close();
  });
});

describe("webhooks", () => {
  it("have a default URL, a test that shows what came back, and a secret that is shown once when it is replaced", async () => {
    const page = await open("/developers/webhooks");
    await page.getByLabel("Default URL").fill("http://169.254.169.254/");
    await page.getByRole("button", { name: "Save" }).click();
    await see(page, /link-local/);
    await page.getByLabel("Default URL").fill(`${receiver.url}/default`);
    await page.getByRole("button", { name: "Save" }).click();
    await see(page, "Webhook URL saved");
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    await see(page, /Delivered: answered 200/);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Make a new secret" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Make a new secret" }).click();
    const secret = await page.getByText(/^whsec_[A-Za-z0-9+/=]{44}$/).textContent();
    expect(secret).not.toBe(shop.webhookSecret);
    await page.getByRole("button", { name: "I have stored it" }).click();
    await page.reload();
    await see(page, "The previous secret signs");
    expect(await page.content()).not.toContain(secret as string);
    await page.close();
  });

  it("show every attempt, and are sent again with the same bytes", async () => {
    receiver.behave({ status: 500, body: "boom" }, "/broken");
    const { id } = await shop.create({
      amountUsdt: "11",
      reference: "BROKEN-1",
      callbackUrl: `${receiver.url}/broken`,
    });
    await shop.api("POST", `/invoices/${id}/cancel`);
    const first = await receiver.waitFor((request) => request.path === "/broken");
    const page = await open("/developers/webhooks?status=pending");
    await page
      .getByRole("row", { name: /BROKEN-1/ })
      .getByRole("link")
      .click();
    await see(page, "Answered 500");
    await see(page, "boom");
    receiver.behave({ status: 200 }, "/broken");
    await page.getByRole("button", { name: "Send again" }).click();
    await see(page, "Answered 200");
    await see(page, "Delivered");
    const all = receiver.requests.filter((request) => request.path === "/broken");
    expect(all.map((request) => [request.id, request.body])).toEqual([
      [first.id, first.body],
      [first.id, first.body],
    ]);
    await page.close();
  });

  it("are explained by the signature checker, which sends no secret anywhere", async () => {
    const sent = await receiver.waitFor((request) => request.body.includes('"ORDER-1"'));
    const headers = Object.entries(sent.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
    const page = await open("/developers/webhooks/check");
    const requests: string[] = [];
    page.on("request", (request) => requests.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.getByLabel("Headers").fill(headers);
    await page.getByLabel("Secret").fill(shop.webhookSecret);
    const check = async (body: string) => {
      await page.getByLabel("Body").fill(body);
      await page.getByRole("button", { name: "Check" }).click();
    };
    await check(sent.body);
    await see(page, "X-Webhook-Signature fits this body and this secret");
    await check(JSON.stringify(JSON.parse(sent.body), null, 2));
    await see(page, /parsed and printed again/);
    await check(sent.body.replace("confirmed", "expired"));
    await see(page, /not the one that we sent/);
    const hidden = shop.webhookSecret.slice(6, 30);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.filter((request) => decodeURIComponent(request).includes(hidden))).toEqual([]);
    await page.close();
  });
});

describe("developers", () => {
  it("find their requests by status, and see what was wrong with one", async () => {
    await fetch(`${gateway.url}/api/v1/invoices`, {
      method: "POST",
      headers: { Authorization: `Bearer ${shop.testKey}`, "Content-Type": "application/json" },
      body: '{"amountUsdt":"-4"}',
    });
    await new Promise((done) => setTimeout(done, 1_500));
    const page = await open("/developers/logs");
    await page.getByLabel("Status").selectOption("400");
    await page.waitForURL(/status=400/);
    await page
      .getByRole("row", { name: /POST \/api\/v1\/invoices/ })
      .first()
      .getByRole("link")
      .click();
    await see(page, /"amountUsdt": "-4"/);
    await see(page, /invalid_request/);
    expect(await page.content()).not.toContain(shop.testKey);
    await page.close();
  });

  it("let a test invoice expire in the sandbox, which live mode does not have", async () => {
    const { id } = await shop.create({ amountUsdt: "12", reference: "EXPIRE-1" });
    await shop.create({ amountUsdt: "14" });
    const page = await open("/developers/sandbox");
    await page.getByLabel("Invoice", { exact: true }).selectOption(id);
    await page.getByRole("button", { name: "Let it expire" }).click();
    await page
      .getByRole("row", { name: /EXPIRE-1/ })
      .getByText("Expired")
      .waitFor();
    await page.goto(`${gateway.url}/dashboard/live/developers/sandbox`);
    await page.waitForURL(/\/dashboard\/live$/);
    await page.close();
  });
});

describe("whose it is", () => {
  it("another merchant's things and the other mode's are not there", async () => {
    const other = await DashboardMerchant.create(gateway, "Other Company");
    const theirs = await other.create({ amountUsdt: "5", reference: "THEIRS-1" });
    for (const [path, mode] of [
      [`/invoices/${theirs.id}`, "test"],
      [`/invoices/${paid.id}`, "live"],
      ["/invoices/not-an-id", "test"],
      [`/developers/webhooks/${paid.id}`, "test"],
      [`/developers/logs/${paid.id}`, "test"],
    ] as const) {
      const page = await open(path, mode);
      await page.getByRole("heading", { name: "Nothing here" }).waitFor();
      await page.close();
    }
    const csv = await (await context.request.get(`${gateway.url}/dashboard/live/invoices/export`)).text();
    expect(csv.trim().split("\r\n")).toHaveLength(1);
    const stranger = await browser().newContext();
    const refused = await stranger.request.get(`${gateway.url}/dashboard/test/invoices/export`, { maxRedirects: 0 });
    expect(refused.status()).toBe(307);
    await stranger.close();
  });
});

describe("every page", () => {
  const PATHS = [
    "",
    "?range=24h",
    "/invoices",
    "/invoices?q=nothing-like-it",
    "/invoices/new",
    "/transfers",
    "/transfers/unmatched",
    "/developers/webhooks",
    "/developers/webhooks/check",
    "/developers/logs",
    "/developers/sandbox",
  ];
  it.each(["desktop", "phone"] as const)(
    "is accessible, quiet and loads nothing from elsewhere, on a %s",
    async (width) => {
      const dark = await shop.logIn(browser(), width, width === "phone" ? "dark" : "light");
      const open = await shop.create({ amountUsdt: "13" });
      const paths = [
        ...PATHS.map((path) => [path, "test"]),
        [`/invoices/${open.id}`, "test"],
        [`/invoices/${paid.id}`, "test"],
      ];
      for (const [path = "", mode = "test"] of [
        ...paths,
        ["", "live"],
        ["/invoices", "live"],
        ["/developers/logs", "live"],
      ]) {
        const page = await dark.newPage();
        const seen = watchPage(page, gateway.url);
        await page.goto(`${gateway.url}/dashboard/${mode}${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        // What is drawn after the page has come: charts.
        await page.waitForTimeout(200);
        expect(await axeFindings(page), `${mode}${path}`).toEqual([]);
        expect(seen, `${mode}${path}`).toEqual({ foreign: [], complaints: [] });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth > screen.width);
        expect(wider, `${mode}${path} is wider than the window`).toBe(false);
        await page.close();
      }
      await dark.close();
    },
  );
});
