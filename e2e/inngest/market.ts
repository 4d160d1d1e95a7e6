import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { connect } from "@/db/connect";
import { createTestDatabase } from "@/db/testing";
import { type Anvil, startAnvil } from "@/e2e/chain/anvil";
import type { Gateway } from "@/e2e/gateway";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { randomAddress } from "@/e2e/world";
import { findInngest } from "./server";

const command = findInngest();

/** Tests that need an Inngest server: without one they are skipped for all to see, but in CI that is a failure. */
export function describeWithInngest(name: string, tests: (command: string[]) => void): void {
  if (command) return void describe(name, () => tests(command));
  if (process.env.CI)
    it(`${name}: needs an Inngest server, INNGEST_BIN is not set`, () => expect(command).not.toBeNull());
  else describe.skip(`${name} (set INNGEST_BIN to the Inngest server's binary)`, () => it("runs", () => {}));
}

export type Invoice = {
  id: string;
  reference: string;
  address: `0x${string}`;
  amountUsdtExact: string;
  paymentUrl: string;
};

type Answer = { status: number; body: Record<string, unknown>; headers: Headers };

/** A merchant, a chain, a receiver and a database, for gateways that the test starts itself. */
export class Market {
  readonly receiver: Receiver;
  readonly node: Anvil;
  readonly databaseUrl: string;
  private readonly drop: () => Promise<void>;
  private merchant!: { merchantId: string; liveKey: string; testKey: string; webhookSecret: string };
  private gateway!: Gateway;
  /** Where requests go: a gateway, or what stands before several. */
  url = "";

  private constructor(parts: [Anvil, Receiver, { url: string; drop: () => Promise<void> }]) {
    [this.node, this.receiver] = parts;
    this.databaseUrl = parts[2].url;
    this.drop = parts[2].drop;
  }

  static async open(): Promise<Market> {
    return new Market(await Promise.all([startAnvil({ chainId: 1 }), startReceiver(), createTestDatabase()]));
  }

  async close(): Promise<void> {
    await Promise.all([this.receiver.close(), this.node.stop()]);
    await this.drop();
  }

  /** The environment of every gateway here. */
  get env(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      ENCRYPTION_KEY: "22".repeat(32),
      AUTH_SECRET: "secret-of-all-servers-secret-of-all-servers",
      ETHEREUM_RPC_URLS: this.node.url,
      ETHEREUM_POLL_MS: "1000",
      WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
    };
  }

  /** Opens the shop. @param gateway the one whose command line is used. */
  async settleIn(gateway: Gateway, url = gateway.url): Promise<void> {
    this.gateway = gateway;
    this.url = url;
    this.merchant = await gateway.admin("merchant:create", "--email", "shop@example.com", "--name", "Shop");
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.merchant.liveKey}`, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      headers: response.headers,
    };
  }

  /** The same with the test key. */
  callTest(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.call(method, path, body, { authorization: `Bearer ${this.merchant.testKey}` });
  }

  /** A wallet of its own, so that invoices do not share amounts. */
  async newWallet(): Promise<{ walletId: string; address: `0x${string}` }> {
    const address = randomAddress() as `0x${string}`;
    const { merchantId } = this.merchant;
    const options = ["--merchant", merchantId, "--network", "ethereum", "--address", address];
    const { walletId } = await this.gateway.admin<{ walletId: string }>("wallet:add", ...options);
    return { walletId, address };
  }

  async newInvoice(path = "/hook", wallet?: { walletId: string; address: `0x${string}` }): Promise<Invoice> {
    const { walletId, address } = wallet ?? (await this.newWallet());
    const callbackUrl = `${this.receiver.url}${path}`;
    const { status, body } = await this.call("POST", "/invoices", { amountUsdt: "25", walletId, callbackUrl });
    expect([status, body.status]).toEqual([201, "pending"]);
    return { ...body, address } as unknown as Invoice;
  }

  /** Pays exactly. @param blocks how many are mined after the payment's. */
  async pay({ address, amountUsdtExact }: Invoice, blocks = 12): Promise<string> {
    const value = BigInt(amountUsdtExact.replace(".", "")) * 100n;
    const { hash } = await this.node.sendTransfer({ to: address, value });
    await this.node.mine(blocks);
    return hash;
  }

  async read({ id }: { id: string }): Promise<Record<string, unknown>> {
    return (await this.call("GET", `/invoices/${id}`)).body;
  }

  async query(text: string): Promise<Record<string, unknown>[]> {
    const sql = connect(this.databaseUrl, { max: 1 });
    try {
      return [...(await sql.unsafe(text))];
    } finally {
      await sql.end();
    }
  }

  webhooksOf({ reference }: { reference: string }) {
    return this.receiver.requests.filter((request) => request.headers["x-invoice-reference"] === reference);
  }

  /** Confirmed, by one payment, announced by one event under one id with the same bytes, whose signature verifies. */
  async expectPaidOnce(invoice: Invoice, txHash: string, ms = 90_000): Promise<void> {
    const delivered = `select d.status from deliveries d join events e on e.id = d.event_id where e.invoice_id = '${invoice.id}'`;
    await until(async () => (await this.query(delivered))[0]?.status === "delivered", "the webhook is delivered", ms);
    const [books] = await this.query(`select
      (select count(*)::int from payments where invoice_id = '${invoice.id}') as payments,
      (select count(*)::int from transfers where tx_hash = '${txHash}') as transfers,
      (select count(*)::int from events where invoice_id = '${invoice.id}') as events`);
    expect(books).toEqual({ payments: 1, transfers: 1, events: 1 });
    expect(await this.read(invoice)).toMatchObject({ status: "confirmed", txHash });
    const received = this.webhooksOf(invoice);
    expect(new Set(received.map((request) => request.id)).size).toBe(1);
    expect(new Set(received.map((request) => request.body)).size).toBe(1);
    const body = received[0]?.body ?? "";
    const signature = createHmac("sha256", this.merchant.webhookSecret).update(body).digest("hex");
    expect(received[0]?.headers["x-webhook-signature"]).toBe(signature);
    expect(JSON.parse(body)).toMatchObject({ type: "invoice.confirmed", invoice_id: invoice.id, tx_hash: txHash });
  }
}

export async function until(holds: () => Promise<boolean> | boolean, what: string, ms = 60_000): Promise<void> {
  for (const deadline = Date.now() + ms; !(await holds()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
  }
}
