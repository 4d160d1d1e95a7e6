import { createHmac } from "node:crypto";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { attempts, deliveries, events, payments, transfers } from "@/db/schema";
import { evmForm, randomAddress, useWorld, type WorldNetwork } from "@/e2e/world";
import { sleep } from "@/lib/clock";
import { parseAmount, unitsToBase } from "@/lib/money";

const world = useWorld(["ethereum", "bsc", "tron"]);

const NETWORKS: { network: WorldNetwork; assetCode: string; decimals: number; confirmations: number }[] = [
  { network: "ethereum", assetCode: "USDT_ERC20", decimals: 6, confirmations: 12 },
  { network: "bsc", assetCode: "USDT_BSC", decimals: 18, confirmations: 15 },
  { network: "tron", assetCode: "USDT_TRC20", decimals: 6, confirmations: 20 },
];

const base = (amount: unknown, decimals: number) => {
  const parsed = parseAmount(String(amount));
  if (!parsed.ok) throw new Error(`no amount: ${amount}`);
  return unitsToBase(parsed.units, decimals);
};

describe.each(NETWORKS)("the main job on $network", ({ network, assetCode, decimals, confirmations }) => {
  async function newInvoice(fields: Record<string, unknown> = {}) {
    const wallet = await world.newWallet(network);
    const answer = await world.api("POST", "/invoices", {
      amountUsdt: "12.3456",
      walletId: wallet.id,
      callbackUrl: `${world.receiver.url}/hook`,
      metadata: { orderId: "7", nested: { list: [1, null, "ü"] } },
      ...fields,
    });
    expect(answer.text).toContain('"status":"pending"');
    return answer.body as Record<string, string>;
  }
  // Tron's explorers print hashes without 0x.
  const printed = (hash: string) => (network === "tron" ? hash.slice(2) : hash);
  const read = async (id: unknown) => (await world.api("GET", `/invoices/${id}`)).body as Record<string, never>;
  const webhooksOf = (reference: unknown) =>
    world.receiver.requests.filter((request) => request.headers["x-invoice-reference"] === reference);

  it("credits the exact amount when it is deep enough and sends one webhook whose signature verifies", async () => {
    const invoice = await newInvoice();
    expect(invoice.assetCode).toBe(assetCode);
    const sent = await world.node(network).sendTransfer({
      to: evmForm(invoice.payoutAddress),
      value: base(invoice.amountUsdtExact, decimals),
    });
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({
      status: "pending",
      txHash: null,
      payment: { txHash: printed(sent.hash), confirmations: 1, requiredConfirmations: confirmations },
    });

    await world.node(network).mine(confirmations - 2);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({
      status: "pending",
      payment: { confirmations: confirmations - 1 },
    });
    expect(webhooksOf(invoice.reference)).toHaveLength(0);

    await world.node(network).mine(1);
    await world.tick();
    await world.tick();
    const block = await world.node(network).head(sent.blockNumber);
    const paidAt = `${new Date(block.timestamp * 1000).toISOString().slice(0, 19)}Z`;
    expect(await read(invoice.id)).toMatchObject({
      status: "confirmed",
      txHash: printed(sent.hash),
      paidAt,
      payment: { confirmations },
    });

    const [webhook, ...more] = webhooksOf(invoice.reference);
    expect(more).toHaveLength(0);
    expect(webhook?.body).toBe(JSON.stringify(JSON.parse(webhook?.body ?? "")));
    expect(JSON.parse(webhook?.body ?? "")).toMatchObject({
      invoice_reference: invoice.reference,
      invoice_id: invoice.id,
      merchant_id: world.merchant.merchantId,
      type: "invoice.confirmed",
      status: "confirmed",
      asset_code: assetCode,
      payout_address: invoice.payoutAddress,
      amount_usdt_exact: "12.3456",
      tx_hash: printed(sent.hash),
      metadata: { orderId: "7", nested: { list: [1, null, "ü"] } },
      paid_at: paidAt,
      is_test: false,
      resolution: "automatic",
    });
    const { webhookSecret } = world.merchant;
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text);
    const headers = webhook?.headers ?? {};
    expect(headers["x-webhook-signature"]).toBe(hmac(webhookSecret, webhook?.body ?? "").digest("hex"));
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${webhook?.body}`;
    const key = Buffer.from(webhookSecret.slice("whsec_".length), "base64");
    expect(headers["webhook-signature"]).toBe(`v1,${hmac(key, signed).digest("base64")}`);
    const [delivery] = await db()
      .select()
      .from(deliveries)
      .innerJoin(events, eq(events.id, deliveries.eventId))
      .where(eq(events.invoiceId, invoice.id ?? ""));
    expect(delivery?.deliveries).toMatchObject({ status: "delivered", id: headers["x-webhook-id"] });
    const tries = await db()
      .select()
      .from(attempts)
      .where(eq(attempts.deliveryId, delivery?.deliveries.id ?? ""));
    expect(tries).toMatchObject([{ number: 1, statusCode: 200 }]);
  });

  it("keeps the order of metadata's keys in responses, integer-like ones included", async () => {
    const raw = `{"amountUsdt":5.50,"assetCode":"${assetCode}","metadata":{"b":1, "2":[1.0], "1":"a b"}}`;
    const created = await world.api("POST", "/invoices", raw);
    expect(created.text).toContain('"metadata":{"b":1,"2":[1.0],"1":"a b"}');
    const again = await world.api("GET", `/invoices/${created.body.id}`);
    expect(again.text).toContain('"metadata":{"b":1,"2":[1.0],"1":"a b"}');
  });

  it("pays two invoices by two transfers of one transaction", async () => {
    const [first, second] = [await newInvoice({ amountUsdt: "3" }), await newInvoice({ amountUsdt: "4" })];
    await world.node(network).sendBatch([
      { to: evmForm(first.payoutAddress), value: base("3", decimals) },
      { to: evmForm(second.payoutAddress), value: base("4", decimals) },
    ]);
    await world.node(network).mine(confirmations);
    await world.tick();
    expect((await read(first.id)).status).toBe("confirmed");
    expect((await read(second.id)).status).toBe("confirmed");
  });

  it("credits nothing for a wrong amount, a failed transaction, another token, a look-alike log or nothing at all", async () => {
    const invoice = await newInvoice({ amountUsdt: "10" });
    const node = world.node(network);
    const to = evmForm(invoice.payoutAddress);
    const value = base("10", decimals);
    const fake = randomAddress() as never;
    await node.placeToken(fake, decimals);
    await node.sendTransfer({ to, value: value - 1n });
    await node.sendTransfer({ to, value: value + 1n });
    await node.sendTransfer({ to, value, token: fake });
    for (const how of ["revert", "outOfGas", "inside"] as const) await node.sendFailing(how, { to, value });
    const forms = ["fourTopics", "longData", "noData", "shortData", "twoTopics", "approval"] as const;
    for (const form of forms) await node.sendLookAlike(form, { to, value });
    await node.sendTransferFrom(node.accounts[1] as never, node.accounts[0] as never, { to, value: 0n });
    await node.mine(confirmations);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({ status: "pending", payment: null });
    const kept = await db()
      .select()
      .from(transfers)
      .where(eq(transfers.toAddressKey, evmForm(invoice.payoutAddress)));
    expect(kept.map((transfer) => transfer.value).sort()).toEqual([value - 1n, value + 1n].sort());
  });

  it("undoes a payment whose block leaves the chain, and credits it once when it is included again", async () => {
    const invoice = await newInvoice({ amountUsdt: "21" });
    const node = world.node(network);
    await node.mine(3);
    const sent = await node.sendTransfer({ to: evmForm(invoice.payoutAddress), value: base("21", decimals) });
    await node.mine(2);
    await world.tick();
    expect((await read(invoice.id)).payment).toMatchObject({ confirmations: 3 });

    await node.reorg(4, []);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({ status: "pending", payment: null });
    const orphans = await db()
      .select()
      .from(transfers)
      .where(eq(transfers.txHash, printed(sent.hash)));
    expect(orphans).toMatchObject([{ status: "orphaned" }]);

    const again = await node.sendTransfer({ to: evmForm(invoice.payoutAddress), value: base("21", decimals) });
    await node.mine(confirmations);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({ status: "confirmed", txHash: printed(again.hash) });
    expect(webhooksOf(invoice.reference)).toHaveLength(1);
  });

  it("follows a transaction that a reorg moves to another block", async () => {
    const invoice = await newInvoice({ amountUsdt: "22" });
    const node = world.node(network);
    await node.mine(3);
    const sent = await node.sendTransfer({ to: evmForm(invoice.payoutAddress), value: base("22", decimals) });
    await node.mine(2);
    await world.tick();
    await node.reorg(4, [{ tx: sent.hash, blockOffset: 2 }]);
    await world.tick();
    const [moved] = await db()
      .select()
      .from(transfers)
      .where(eq(transfers.txHash, printed(sent.hash)));
    expect(moved).toMatchObject({ status: "canonical" });
    expect(moved?.blockHash).not.toBe(sent.blockHash);
    await node.mine(confirmations);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({ status: "confirmed", txHash: printed(sent.hash) });
  });

  it("credits a second transfer of the same amount to nobody", async () => {
    const invoice = await newInvoice({ amountUsdt: "31" });
    const node = world.node(network);
    const transfer = { to: evmForm(invoice.payoutAddress), value: base("31", decimals) };
    const first = await node.sendTransfer(transfer);
    await node.sendTransfer(transfer);
    await node.mine(confirmations);
    await world.tick();
    expect(await read(invoice.id)).toMatchObject({ status: "confirmed", txHash: printed(first.hash) });
    const paid = await db()
      .select()
      .from(payments)
      .where(eq(payments.invoiceId, invoice.id ?? ""));
    expect(paid).toHaveLength(1);
  });

  it("refuses to cancel once a payment is seen, and pays nothing to a cancelled invoice", async () => {
    const seen = await newInvoice({ amountUsdt: "41" });
    const node = world.node(network);
    await node.sendTransfer({ to: evmForm(seen.payoutAddress), value: base("41", decimals) });
    await world.tick();
    expect(await world.api("POST", `/invoices/${seen.id}/cancel`)).toMatchObject({
      status: 400,
      body: { code: "invoice_not_cancellable" },
    });
    const cancelled = await newInvoice({ amountUsdt: "42" });
    expect((await world.api("POST", `/invoices/${cancelled.id}/cancel`)).body.status).toBe("cancelled");
    await node.sendTransfer({ to: evmForm(cancelled.payoutAddress), value: base("42", decimals) });
    await node.mine(confirmations);
    await world.tick();
    expect(await read(cancelled.id)).toMatchObject({ status: "cancelled", payment: null });
    const bodies = webhooksOf(cancelled.reference).map((webhook) => JSON.parse(webhook.body));
    expect(bodies).toMatchObject([{ type: "invoice.cancelled", tx_hash: null, paid_at: null }]);
  });

  it("watches a wallet that was added a moment before it was paid, and pays every merchant who has the address", async () => {
    const other = await world.newMerchant();
    const address = randomAddress(network);
    const mine = await world.newWallet(network, world.merchant.merchantId, address);
    const theirs = await world.newWallet(network, other.merchantId, address);
    const create = (walletId: string, key: string) =>
      world.api("POST", "/invoices", { amountUsdt: 8, walletId }, { key });
    const a = await create(mine.id, world.merchant.liveKey);
    const b = await create(theirs.id, other.liveKey);
    expect(a.body.amountUsdtExact).toBe("8.0000");
    expect(b.body.amountUsdtExact).toBe("8.0000");
    await world.node(network).sendTransfer({ to: evmForm(address), value: base("8", decimals) });
    await world.node(network).mine(confirmations);
    await world.tick();
    expect((await read(a.body.id)).status).toBe("confirmed");
    expect((await world.api("GET", `/invoices/${b.body.id}`, undefined, { key: other.liveKey })).body.status).toBe(
      "confirmed",
    );
  });

  it("calls the node no more often for a hundred wallets and invoices than for one", async () => {
    const proxy = world.proxy(network);
    for (let i = 0; i < 5; i++) await world.tick();
    const count = async () => {
      proxy.resetCounts();
      // As many as one second look takes, so that each count has one in it.
      await world.node(network).mine(40);
      await world.scan();
      return Object.values(proxy.calls).reduce((sum, n) => sum + n, 0);
    };
    const before = await count();
    await Promise.all(Array.from({ length: 100 }, () => newInvoice({ amountUsdt: "1" })));
    expect(await count()).toBe(before);
  });
});

// Last, because the chain's clock never comes back.
describe.each(NETWORKS)("time on $network", ({ network, assetCode, decimals, confirmations }) => {
  it("expires by the chain's time, only when the network was scanned past it, and credits what was paid in time", async () => {
    const node = world.node(network);
    const create = async () => {
      const wallet = await world.newWallet(network);
      const answer = await world.api("POST", "/invoices", {
        amountUsdt: "50",
        assetCode,
        walletId: wallet.id,
        expirySeconds: 300,
        callbackUrl: `${world.receiver.url}/expiry`,
      });
      return answer.body as Record<string, string>;
    };
    // All in one second, so that all end in one.
    await sleep(1000 - (Date.now() % 1000));
    const [paid, unpaid, late] = [await create(), await create(), await create()];
    const status = async (invoice: Record<string, string>) =>
      (await world.api("GET", `/invoices/${invoice.id}`)).body.status;
    const pay = (invoice: Record<string, string>) =>
      node.sendTransfer({ to: evmForm(invoice.payoutAddress), value: base("50", decimals) });
    const expiresAt = Date.parse(unpaid.expiresAt ?? "") / 1000;

    // In the last second of its time, and a block later.
    await node.setNextTimestamp(expiresAt);
    await pay(paid);
    await world.tick();
    expect(await status(unpaid)).toBe("pending");
    await node.setNextTimestamp(expiresAt + 1);
    await pay(late);
    await world.tick();
    expect([await status(paid), await status(unpaid), await status(late)]).toEqual(["pending", "expired", "expired"]);

    await node.mine(confirmations);
    await world.tick();
    expect([await status(paid), await status(unpaid), await status(late)]).toEqual(["confirmed", "expired", "expired"]);
    const types = world.receiver.requests
      .filter((request) => request.path === "/expiry")
      .map((request) => JSON.parse(request.body))
      .filter((body) => body.asset_code === assetCode)
      .map((body) => body.type);
    expect(types.sort()).toEqual(["invoice.confirmed", "invoice.expired", "invoice.expired"]);
  });
});
