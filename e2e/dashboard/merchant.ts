import { randomBytes } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright";
import { newVisitor, type Theme, type Width } from "@/e2e/browser";
import type { Gateway } from "@/e2e/gateway";

const PASSWORD = "correct horse battery";
const TRON = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";

export type Fields = Record<string, unknown>;
export type MadeInvoice = { id: string; reference: string; paymentUrl: string; payoutAddress: string };

/** A merchant with wallets on Tron and Ethereum, who works with the API and can log in. */
export class DashboardMerchant {
  private constructor(
    readonly gateway: Gateway,
    readonly id: string,
    readonly testKey: string,
    readonly webhookSecret: string,
    private readonly email: string,
  ) {}

  static async create(gateway: Gateway, name = "Blue Chair Company"): Promise<DashboardMerchant> {
    const email = `${randomBytes(6).toString("hex")}@example.com`;
    type Made = { merchantId: string; testKey: string; webhookSecret: string };
    const made = await gateway.admin<Made>("merchant:create", "--email", email, "--name", name, "--password", PASSWORD);
    const wallet = (network: string, address: string) =>
      gateway.admin("wallet:add", "--merchant", made.merchantId, "--network", network, "--address", address);
    await wallet("ethereum", `0x${randomBytes(20).toString("hex")}`);
    await wallet("tron", TRON);
    return new DashboardMerchant(gateway, made.merchantId, made.testKey, made.webhookSecret, email);
  }

  async api<T = MadeInvoice>(method: string, path: string, body?: Fields): Promise<T> {
    const response = await fetch(`${this.gateway.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.testKey}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  create = (fields: Fields) => this.api("POST", "/invoices", { assetCode: "USDT_ERC20", ...fields });
  simulate = (invoiceId: string, scenario = "exact") =>
    this.api("POST", "/sandbox/simulate-payment", { invoiceId, scenario });

  /** Waits until an invoice has a status. */
  async untilStatus(id: string, status: string): Promise<void> {
    for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 200))) {
      if ((await this.api<{ status: string }>("GET", `/invoices/${id}`)).status === status) return;
    }
    throw new Error(`the invoice ${id} did not become ${status}`);
  }

  /** A browser in which this merchant is logged in, by the log-in page. */
  async logIn(browser: Browser, width: Width = "desktop", theme: Theme = "light"): Promise<BrowserContext> {
    const context = await newVisitor(browser, width, theme);
    const page = await context.newPage();
    await page.goto(`${this.gateway.url}/login`);
    await page.getByLabel("E-mail address").fill(this.email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(/\/dashboard\/test$/);
    await page.close();
    return context;
  }

  /** Opens a page of the dashboard, in test mode unless it says otherwise. */
  async open(context: BrowserContext, path = "", mode = "test"): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${this.gateway.url}/dashboard/${mode}${path}`);
    return page;
  }
}
