import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { auditLog } from "@/db/schema";
import { evmForm, useWorld } from "@/e2e/world";
import { metricsResponse } from "@/lib/health/metrics";
import { health } from "@/lib/health/service";
import { acceptTransfer, listUnmatchedTransfers } from "./unmatched";

const world = useWorld(["ethereum"], { METRICS_TOKEN: "metrics-token-metrics-token" });
const node = () => world.node("ethereum");
const usdt = (amount: number) => BigInt(Math.round(amount * 1e6));

async function newInvoice(amountUsdt: number, fields: Record<string, unknown> = {}) {
  const wallet = await world.newWallet("ethereum");
  const body = { amountUsdt, walletId: wallet.id, callbackUrl: `${world.receiver.url}/hook`, ...fields };
  const answer = await world.api("POST", "/invoices", body);
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Record<string, string>;
}
const pay = (invoice: Record<string, string>, amount: number) =>
  node().sendTransfer({ to: evmForm(invoice.payoutAddress), value: usdt(amount) });
const unmatched = (txHash: string) =>
  listUnmatchedTransfers({ merchantId: world.merchant.merchantId, mode: "live" }).then((all) =>
    all.find((transfer) => transfer.txHash === txHash),
  );
const statusOf = async (invoice: Record<string, string>) => (await world.api("GET", `/invoices/${invoice.id}`)).body;

describe("transfers that pay nothing", () => {
  it.each([
    ["underpaid", 9.5],
    ["overpaid", 10.5],
  ])("are kept as %s, with the open invoice they are nearest to", async (reason, amount) => {
    const invoice = await newInvoice(10);
    const { hash } = await pay(invoice, amount);
    await world.tick();
    expect(await unmatched(hash)).toMatchObject({
      reason,
      likelyInvoiceId: invoice.id,
      likelyReference: invoice.reference,
      amountUsdt: amount.toFixed(4),
      merchantId: world.merchant.merchantId,
    });
  });

  it("are kept as duplicate when the invoice is paid by another, and as late when it was cancelled", async () => {
    const twice = await newInvoice(20);
    await pay(twice, 20);
    const second = await pay(twice, 20);
    const cancelled = await newInvoice(30);
    await world.api("POST", `/invoices/${cancelled.id}/cancel`);
    const toCancelled = await pay(cancelled, 30);
    await world.tick();
    expect(await unmatched(second.hash)).toMatchObject({ reason: "duplicate", likelyInvoiceId: twice.id });
    expect(await unmatched(toCancelled.hash)).toMatchObject({ reason: "late", likelyInvoiceId: cancelled.id });
  });

  it("are kept as unknown when no invoice is near, and shown to no other merchant", async () => {
    const invoice = await newInvoice(1000);
    const { hash } = await pay(invoice, 3);
    await world.tick();
    expect(await unmatched(hash)).toMatchObject({ reason: "unknown", likelyInvoiceId: null });
    const other = await world.newMerchant();
    const theirs = await listUnmatchedTransfers({ merchantId: other.merchantId, mode: "live" });
    expect(theirs).toEqual([]);
  });
});

describe("accepting a transfer by hand", () => {
  async function underpaidInvoice() {
    const invoice = await newInvoice(10);
    const { hash } = await pay(invoice, 9);
    await world.tick();
    const transfer = await unmatched(hash);
    return { invoice, hash, transferId: transfer?.id ?? "" };
  }

  it("confirms the invoice once it is deep, records who did it and sends the webhook with resolution manual", async () => {
    const { invoice, hash, transferId } = await underpaidInvoice();
    const accept = () => acceptTransfer(transferId, invoice.id ?? "", "operator");
    await expect(accept()).rejects.toThrow("1 of 12 confirmations");
    await node().mine(12);
    await world.tick();
    await accept();
    await world.tick();
    expect(await statusOf(invoice)).toMatchObject({ status: "confirmed", txHash: hash });
    const webhooks = world.receiver.requests.filter((r) => r.headers["x-invoice-reference"] === invoice.reference);
    expect(webhooks.map((webhook) => JSON.parse(webhook.body))).toMatchObject([
      { type: "invoice.confirmed", resolution: "manual", tx_hash: hash },
    ]);
    const audit = await db().select().from(auditLog).where(eq(auditLog.target, transferId));
    expect(audit).toMatchObject([{ action: "transfer.accepted", actor: "operator" }]);
    expect(await unmatched(hash)).toBeUndefined();
    await expect(accept()).rejects.toThrow("confirmed already");
  });

  it("works for an expired or cancelled invoice, and refuses a second use of the transfer and other merchants' things", async () => {
    const { invoice, transferId } = await underpaidInvoice();
    await world.api("POST", `/invoices/${invoice.id}/cancel`);
    await node().mine(12);
    await world.tick();
    const other = await world.newMerchant();
    await expect(
      acceptTransfer(transferId, invoice.id ?? "", "operator", { merchantId: other.merchantId }),
    ).rejects.toThrow("no such invoice");
    await acceptTransfer(transferId, invoice.id ?? "", "operator");
    expect((await statusOf(invoice)).status).toBe("confirmed");
    const another = await newInvoice(11);
    await expect(acceptTransfer(transferId, another.id ?? "", "operator")).rejects.toThrow("pays another invoice");
    const testInvoice = await world.api(
      "POST",
      "/invoices",
      { amountUsdt: 5, walletId: another.walletId },
      { key: world.merchant.testKey },
    );
    await expect(acceptTransfer(transferId, String(testInvoice.body.id), "operator")).rejects.toThrow("(test)");
  });
});

describe("a confirmed payment whose block leaves the chain", () => {
  beforeAll(() => node().mine(1));

  it("leaves the invoice confirmed and is told in the audit log, health and metrics", async () => {
    const invoice = await newInvoice(70);
    await node().mine(3);
    await pay(invoice, 70);
    await node().mine(12);
    await world.tick();
    expect((await statusOf(invoice)).status).toBe("confirmed");
    await node().reorg(15, []);
    await world.tick();
    expect((await statusOf(invoice)).status).toBe("confirmed");
    const audit = await db().select().from(auditLog).where(eq(auditLog.merchantId, world.merchant.merchantId));
    expect(audit.filter((entry) => entry.action === "payment.orphaned")).toMatchObject([
      { data: { invoiceId: invoice.id } },
    ]);
    const network = (await health()).networks.find((entry) => entry.network === "ethereum");
    expect(network?.orphanedPayments).toBe(1);
    const request = (token: string) =>
      metricsResponse(
        new Request("http://gateway.test/api/metrics", { headers: { authorization: `Bearer ${token}` } }),
      );
    expect((await request("wrong")).status).toBe(401);
    const text = await (await request("metrics-token-metrics-token")).text();
    expect(text).toContain('usdt_gateway_orphaned_payments{network="ethereum"} 1');
    expect(text).toMatch(/usdt_gateway_orphaned_payments_total\{network="ethereum"\} 1/);
    expect(text).toMatch(/usdt_gateway_scan_lag_blocks\{network="ethereum"\} 0/);
    expect(text).toMatch(/usdt_gateway_open_invoices\{network="ethereum",mode="live"\} \d+/);
    expect(text).toMatch(/usdt_gateway_rpc_calls_total\{network="ethereum",node="[^"]+",method="eth_getLogs"\} \d+/);
  });
});
