import { and, eq } from "drizzle-orm";
import { afterEach, beforeEach } from "vitest";
import { db } from "@/db/client";
import { findCursor } from "@/db/queries/chain";
import { invoices, payments, transfers } from "@/db/schema";
import type { Anvil } from "@/e2e/chain/anvil";
import type { FaultProxy } from "@/e2e/chain/fault-proxy";
import { evmForm, type World, type WorldNetwork } from "@/e2e/world";
import { networksHealth } from "@/lib/health/service";
import { parseAmount, unitsToBase } from "@/lib/money";

export const CHAINS: { network: WorldNetwork; decimals: number; confirmations: number }[] = [
  { network: "ethereum", decimals: 6, confirmations: 12 },
  { network: "bsc", decimals: 18, confirmations: 15 },
  { network: "tron", decimals: 6, confirmations: 20 },
];

export type ShopInvoice = { id: string; reference: string; to: `0x${string}`; value: bigint };

/** A merchant on one network of a world, in the words of the tests about a chain's traps. */
export class Shop {
  readonly decimals: number;
  readonly confirmations: number;

  constructor(
    readonly world: World,
    readonly network: WorldNetwork,
  ) {
    const chain = CHAINS.find((entry) => entry.network === network);
    this.decimals = chain?.decimals ?? 6;
    this.confirmations = chain?.confirmations ?? 12;
  }

  get node(): Anvil {
    return this.world.node(this.network);
  }

  get first(): FaultProxy {
    return this.world.proxy(this.network);
  }

  get second(): FaultProxy {
    return this.world.second(this.network);
  }

  /** A window that is open now, as the chain counts: reorgs and tests that set its time take it away from the clock's. */
  private async around(): Promise<{ from: number; until: number }> {
    const { timestamp } = await this.node.head();
    return { from: timestamp - 600, until: timestamp + 7200 };
  }

  /** An invoice on a wallet of its own. `from`, `until`: its window in seconds of chain time. */
  async invoice(amountUsdt = "10", window?: { from: number; until: number }): Promise<ShopInvoice> {
    const wallet = await this.world.newWallet(this.network);
    const answer = await this.world.api("POST", "/invoices", {
      amountUsdt,
      walletId: wallet.id,
      expirySeconds: 7200,
      callbackUrl: `${this.world.receiver.url}/hook`,
    });
    if (answer.status !== 201) throw new Error(answer.text);
    const { id, reference, payoutAddress } = answer.body as Record<string, string>;
    await this.setWindow(id ?? "", window ?? (await this.around()));
    const amount = parseAmount(amountUsdt);
    if (!amount.ok) throw new Error(`no amount: ${amountUsdt}`);
    const value = unitsToBase(amount.units, this.decimals);
    return { id: id ?? "", reference: reference ?? "", to: evmForm(payoutAddress), value };
  }

  async setWindow(id: string, { from, until }: { from: number; until: number }): Promise<void> {
    const times = { createdAt: new Date(from * 1000), expiresAt: new Date(until * 1000) };
    await db().update(invoices).set(times).where(eq(invoices.id, id));
  }

  /** Pays it exactly, in a block of its own. */
  pay = ({ to, value }: ShopInvoice) => this.node.sendTransfer({ to, value });

  /** A transaction hash as the gateway prints it. */
  printed = (hash: string) => (this.network === "tron" ? hash.slice(2) : hash);

  async read({
    id,
  }: ShopInvoice): Promise<{ status: string; txHash: string | null; payment: { txHash: string } | null }> {
    return (await this.world.api("GET", `/invoices/${id}`)).body as never;
  }

  /** `pending`, `seen` (pending with a payment), `confirmed`, `expired`. */
  async state(invoice: ShopInvoice): Promise<string> {
    const { status, payment } = await this.read(invoice);
    return status === "pending" && payment ? "seen" : status;
  }

  /** Types of the webhooks that were delivered for it. */
  webhooks({ reference }: ShopInvoice): string[] {
    return this.world.receiver.requests
      .filter((request) => request.headers["x-invoice-reference"] === reference)
      .map((request) => JSON.parse(request.body).type);
  }

  transfersTo({ to }: { to: string }) {
    return db()
      .select()
      .from(transfers)
      .where(and(eq(transfers.network, this.network), eq(transfers.toAddressKey, to)));
  }

  paymentsOf({ id }: ShopInvoice) {
    return db().select().from(payments).where(eq(payments.invoiceId, id));
  }

  async scanned(): Promise<number> {
    return (await findCursor(db(), this.network, "live"))?.scannedNumber ?? -1;
  }

  async health() {
    const found = (await networksHealth()).find((entry) => entry.network === this.network);
    if (!found) throw new Error(`no health of ${this.network}`);
    return found;
  }

  /** One turn of this network's scanner, whatever comes of it. */
  tick = () => this.world.scanner(this.network).tick();

  /** Every block that is there, then as many more as make what is in them certain. */
  async settle(): Promise<void> {
    await this.node.mine(this.confirmations + 4);
    await this.world.tick();
    await this.world.tick();
  }

  /** Goes on until the second look has passed the present head, and what it found is settled. */
  async lookAgain(): Promise<void> {
    const { number } = await this.node.head();
    await this.node.mine(this.confirmations + 60);
    for (let i = 0; i < 40; i++) {
      await this.world.tick();
      if (((await findCursor(db(), this.network, "live"))?.lookedNumber ?? 0) >= number) break;
    }
    await this.world.tick();
  }

  /** Takes a payment that is held back, and its transfer, out of the way of the tests that follow. */
  async forget(invoice: ShopInvoice): Promise<void> {
    await db().delete(payments).where(eq(payments.invoiceId, invoice.id));
    await db().delete(transfers).where(eq(transfers.toAddressKey, invoice.to));
  }

  /** JSON-RPC and HTTP calls that arrived at a URL since its counters were reset. */
  calls = (proxy: FaultProxy = this.first) => Object.values(proxy.calls).reduce((sum, n) => sum + n, 0);
}

/** Shops of a world, one a network; before each test all faults are over, processes start anew and everything is read. */
export function useShops(world: World, networks: readonly WorldNetwork[]): Map<WorldNetwork, Shop> {
  const shops = new Map(networks.map((network) => [network, new Shop(world, network)]));
  const clear = () => {
    for (const proxy of [...world.proxies.values(), ...world.seconds.values()]) proxy.clear();
  };
  beforeEach(async () => {
    clear();
    world.restart();
    await world.tick();
  });
  afterEach(async ({ task }) => {
    clear();
    if (task.result?.state !== "fail") return;
    for (const shop of shops.values()) console.error(task.name, await shop.health());
  });
  return shops;
}
