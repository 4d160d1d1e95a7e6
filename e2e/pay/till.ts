import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright";
import type postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { connect } from "@/db/connect";
import { newVisitor, startBrowser, type Theme, type Width } from "@/e2e/browser";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { parseAmount, unitsToBase } from "@/lib/money";

export type TillInvoice = {
  id: string;
  reference: string;
  payoutAddress: string;
  amountUsdtExact: string;
  paymentUrl: string;
  expiresAt: string;
  status: string;
  whiteLabel?: { cancelUrl: string; statusUrl: string };
};

const ADDRESSES = {
  ethereum: "0x52908400098527886E0F7030069857D2E4169EE7",
  bsc: "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
  tron: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
};
const ASSETS = { ethereum: "USDT_ERC20", bsc: "USDT_BSC", tron: "USDT_TRC20" };
export type TillNetwork = keyof typeof ASSETS;

/** What the tests of the pay page share: a running gateway with a merchant, a local chain under its live Ethereum, a browser. */
export class Till {
  gateway!: Gateway;
  browser!: Browser;
  node!: Anvil;
  merchant!: { merchantId: string; testKey: string; liveKey: string };
  sql!: postgres.Sql;

  async start(env: Record<string, string> = {}): Promise<void> {
    this.node = await startAnvil({ chainId: chainIds.ethereum, slotsInAnEpoch: 1 });
    [this.gateway, this.browser] = await Promise.all([
      startGateway({
        env: {
          ETHEREUM_RPC_URLS: this.node.url,
          ETHEREUM_POLL_MS: "200",
          // A test block takes a tenth of a second: a payment that is being confirmed can be looked at.
          TRON_CONFIRMATIONS: "600",
          RATE_LIMIT_MULTIPLIER: "100",
          ...env,
        },
      }),
      startBrowser(),
    ]);
    this.merchant = await this.gateway.admin(
      "merchant:create",
      "--email",
      "till@example.com",
      "--name",
      "Northwind Books",
    );
    for (const [network, address] of Object.entries(ADDRESSES)) {
      const args = ["--merchant", this.merchant.merchantId, "--network", network, "--address", address];
      await this.gateway.admin("wallet:add", ...args);
    }
    this.sql = connect(this.gateway.databaseUrl(), { max: 2 });
  }

  async stop(): Promise<void> {
    await this.sql?.end();
    await this.browser?.close();
    await this.gateway?.stop();
    await this.node?.stop();
  }

  async api<T>(method: string, path: string, body?: unknown, mode: "test" | "live" = "test"): Promise<T> {
    const response = await fetch(`${this.gateway.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.merchant[`${mode}Key`]}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** An invoice, its URLs at the address the tests' browser uses. */
  async invoice(
    input: Record<string, unknown> = {},
    { network = "ethereum", mode = "test" }: { network?: TillNetwork; mode?: "test" | "live" } = {},
  ): Promise<TillInvoice> {
    const body = {
      amountUsdt: amount(),
      assetCode: ASSETS[network],
      title: "Order 12345",
      useWhiteLabel: true,
      ...input,
    };
    const made = await this.api<TillInvoice>("POST", "/invoices", body, mode);
    const here = (url: string) => url.replace(/^https?:\/\/[^/]+/, this.gateway.url);
    return {
      ...made,
      paymentUrl: here(made.paymentUrl),
      ...(made.whiteLabel && {
        whiteLabel: { cancelUrl: here(made.whiteLabel.cancelUrl), statusUrl: here(made.whiteLabel.statusUrl) },
      }),
    };
  }

  simulate(invoice: TillInvoice, scenario: string): Promise<unknown> {
    return this.api("POST", "/sandbox/simulate-payment", { invoiceId: invoice.id, scenario });
  }

  expire(invoice: TillInvoice): Promise<unknown> {
    return this.api("POST", "/sandbox/trigger-expiry", { invoiceId: invoice.id });
  }

  status(invoice: TillInvoice): Promise<Record<string, unknown> & { status: string; payment: unknown }> {
    return fetch(`${invoice.paymentUrl}/status`).then((response) => response.json() as never);
  }

  /** Waits until an invoice's public status is as wanted. */
  async until(invoice: TillInvoice, wanted: (status: { status: string; payment: unknown }) => boolean): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100)) {
      if (wanted(await this.status(invoice))) return;
    }
    throw new Error(`never: ${wanted} ${JSON.stringify(await this.status(invoice))}`);
  }

  /** Pays on the local chain. */
  pay(invoice: TillInvoice, units = 0n) {
    const parsed = parseAmount(invoice.amountUsdtExact);
    if (!parsed.ok) throw new Error("no amount");
    const value = unitsToBase(parsed.units + units, 6);
    return this.node.sendTransfer({ to: invoice.payoutAddress as `0x${string}`, value });
  }

  /** Moves an invoice's end. */
  async endsIn(invoice: TillInvoice, seconds: number): Promise<void> {
    await this.sql`update invoices set expires_at = date_trunc('second', now()) + make_interval(secs => ${seconds}),
      created_at = least(created_at, now() - interval '1 hour') where id = ${invoice.id}`;
  }

  async open(
    url: string,
    { width = "phone", theme = "light", ...options }: { width?: Width; theme?: Theme } & BrowserContextOptions = {},
  ): Promise<Page> {
    const visitor = await newVisitor(this.browser, width, theme, options);
    const page = await visitor.newPage();
    await page.goto(url);
    return page;
  }
}

let next = 10_000;
/** An amount that no other invoice has. */
const amount = () => `${(++next / 100).toFixed(2)}`;

/** A till for a test file. */
export function useTill(env: Record<string, string> = {}): Till {
  const till = new Till();
  beforeAll(() => till.start(env));
  afterAll(() => till.stop());
  return till;
}

/** Where screenshots go, when somebody wants to look: `PAY_SHOTS=/tmp/shots`. */
const SHOTS = process.env.PAY_SHOTS;

export async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** The state that a page shows. */
export const shown = (page: Page) => page.locator("#pay").getAttribute("data-state");
export const untilShown = (page: Page, state: string, timeout = 20_000) =>
  page.locator(`#pay[data-state="${state}"]`).waitFor({ state: "attached", timeout });
