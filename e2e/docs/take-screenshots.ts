import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";
import { newVisitor, startBrowser, type Theme } from "@/e2e/browser";
import { startGateway } from "@/e2e/gateway";

/**
 * Takes the pictures of the start page from the real pages: `node --import tsx e2e/docs/take-screenshots.ts`. Run it again when
 * a page that is shown has changed.
 */

const FOLDER = fileURLToPath(new URL("../../public/images/", import.meta.url));
const PASSWORD = "a password for pictures";

type Invoice = { id: string; paymentUrl: string };

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const gateway = await startGateway({ env: { RATE_LIMIT_MULTIPLIER: "100" } });
  const browser = await startBrowser();
  try {
    const email = "owner@example.com";
    const account = ["merchant:create", "--email", email, "--name", "Example shop", "--password", PASSWORD];
    const merchant = await gateway.admin<{ merchantId: string; testKey: string }>(...account);
    for (const [network, address] of [
      ["tron", "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy"],
      ["ethereum", "0x52908400098527886E0F7030069857D2E4169EE7"],
    ] as const) {
      await gateway.admin("wallet:add", "--merchant", merchant.merchantId, "--network", network, "--address", address);
    }
    const post = async <T>(path: string, body: unknown): Promise<T> => {
      const response = await fetch(`${gateway.url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${merchant.testKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return (await response.json()) as T;
    };
    const orders: [amountUsdt: string, assetCode: string, scenario: string | null][] = [
      ["49.0000", "USDT_TRC20", "exact"],
      ["150.0000", "USDT_TRC20", "exact"],
      ["150.0000", "USDT_TRC20", "exact"],
      ["18.5000", "USDT_ERC20", "exact"],
      ["320.0000", "USDT_ERC20", "underpaid"],
      ["75.0000", "USDT_TRC20", "late"],
      ["99.0000", "USDT_TRC20", "exact"],
      ["1250.0000", "USDT_ERC20", "exact"],
    ];
    for (const [i, [amountUsdt, assetCode, scenario]] of orders.entries()) {
      const invoice = await post<Invoice>("/invoices", { amountUsdt, assetCode, reference: `ORDER-${1201 + i}` });
      if (scenario) await post("/sandbox/simulate-payment", { invoiceId: invoice.id, scenario });
    }
    const shown = await post<Invoice>("/invoices", {
      amountUsdt: "150.0000",
      assetCode: "USDT_TRC20",
      reference: "ORDER-12345",
      title: "Order 12345",
      description: "Ceramic lamp, two bulbs",
    });
    await new Promise((done) => setTimeout(done, 5000));
    const pay = gateway.url + new URL(shown.paymentUrl).pathname;
    for (const theme of ["light", "dark"] as const) {
      await shoot(browser, theme, "pay-page", { width: 440, height: 860 }, async (page) => {
        await page.goto(pay);
      });
      await shoot(browser, theme, "dashboard", { width: 1280, height: 800 }, async (page) => {
        await page.goto(`${gateway.url}/login`);
        await page.getByLabel("E-mail address").fill(email);
        await page.getByLabel("Password").fill(PASSWORD);
        await page.getByRole("button", { name: "Log in" }).click();
        await page.waitForURL(/\/dashboard\//);
        await page.goto(`${gateway.url}/dashboard/test`);
      });
    }
  } finally {
    await browser.close();
    await gateway.stop();
  }
}

type Page = Awaited<ReturnType<Browser["newPage"]>>;

async function shoot(
  browser: Browser,
  theme: Theme,
  name: string,
  viewport: { width: number; height: number },
  open: (page: Page) => Promise<void>,
): Promise<void> {
  const visitor = await newVisitor(browser, "desktop", theme, { viewport, deviceScaleFactor: 2 });
  const page = await visitor.newPage();
  await open(page);
  await page.waitForLoadState("networkidle").catch(() => {});
  // What fades in has done so.
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${FOLDER}${name}-${theme}.png` });
  await visitor.close();
}

await main();
