import { randomBytes } from "node:crypto";
import { v7 } from "uuid";
import type { z } from "zod";
import { db, type Executor } from "@/db/client";
import { findInvoice, hasPayment, type Invoice, isAmountHeld, lockInvoice, type Scope } from "@/db/queries/invoices";
import { findMerchant } from "@/db/queries/merchants";
import { endWindow, lockInvoiceById, markExpired, webhookUrlsOf } from "@/db/queries/settlement";
import { insertSimulation, lockDueSimulation, markSimulationDone, type Simulation } from "@/db/queries/simulations";
import { orphanTransfers, storeTransfers, testTransfer } from "@/db/queries/transfers";
import type { Scenario } from "@/db/schema";
import { addressKeyOf, formatAddress } from "@/lib/chains/address";
import { formatTxHash, networkSpec } from "@/lib/chains/networks";
import { formatTime } from "@/lib/clock";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { presentInvoice } from "@/lib/invoices/present";
import { getInvoice } from "@/lib/invoices/service";
import { nudge } from "@/lib/jobs/nudge";
import { baseToUnits, unitsToBase } from "@/lib/money";
import { CLOCK_SKEW_SECONDS } from "@/lib/transfers/match";
import { deliveryHeaders } from "@/lib/webhooks/deliver";
import { emitEvent, webhookBody } from "@/lib/webhooks/events";
import { checkTargetUrl } from "@/lib/webhooks/guard";
import { sendWebhook } from "@/lib/webhooks/send";
import { testBlockAt } from "./chain";
import type { simulatePaymentSchema, testWebhookSchema, triggerExpirySchema } from "./schema";

/** How long a reorged payment is seen: less than any network needs to confirm it. */
const REORG_AFTER_MS = 600;

/**
 * Simulates a payment of a test invoice: a transfer with a fabricated transaction and block, which from there on takes the path
 * of every transfer. It is a row with a due time, so a delay survives a restart.
 * @throws {AppError} not_found, invoice_not_pending
 */
export async function simulatePayment(scope: Scope, input: z.output<typeof simulatePaymentSchema>) {
  const scenario = input.scenario ?? "exact";
  const delaySeconds = input.delaySeconds ?? 0;
  const dueAt = new Date(Date.now() + delaySeconds * 1000);
  const simulation = await db().transaction(async (tx) => {
    const invoice = await lockInvoice(tx, scope, input.invoiceId);
    if (!invoice) throw notFound();
    requirePayable(invoice, scenario);
    const row = await insertSimulation(tx, { invoiceId: invoice.id, step: scenario, transferId: null, dueAt });
    if (delaySeconds === 0) await perform(tx, row);
    return row;
  });
  nudge("sandbox", dueAt);
  nudge("deliver");
  return {
    id: simulation.id,
    scenario,
    status: delaySeconds === 0 ? "sent" : "scheduled",
    dueAt: formatTime(dueAt),
    invoice: presentInvoice(await getInvoice(scope, input.invoiceId)),
  };
}

function requirePayable(invoice: Invoice, scenario: Scenario): void {
  if (invoice.status === "pending" || (scenario === "late" && invoice.status === "expired")) return;
  throw new AppError(
    "invoice_not_pending",
    `The invoice is ${invoice.status}. Create another one to simulate a payment${invoice.status === "expired" ? ", or use the scenario late" : ""}`,
  );
}

/**
 * Does the simulations that are due, one transaction each: the transfer and the mark that it was made are stored together.
 * @returns how many.
 */
export async function performDueSimulations(): Promise<number> {
  for (let done = 0; ; done++) {
    const found = await db().transaction(async (tx) => {
      const simulation = await lockDueSimulation(tx);
      if (simulation) await perform(tx, simulation);
      return simulation !== null;
    });
    if (!found) return done;
  }
}

async function perform(tx: Executor, simulation: Simulation): Promise<void> {
  await markSimulationDone(tx, simulation.id);
  if (simulation.step === "orphan") {
    if (simulation.transferId) await orphanTransfers(tx, testTransfer(simulation.transferId), CLOCK_SKEW_SECONDS);
    return;
  }
  const invoice = await lockInvoiceById(tx, simulation.invoiceId);
  if (invoice?.mode !== "test") return;
  const now = new Date();
  const asked = unitsToBase(invoice.amount, networkSpec(invoice.network).decimals);
  const tenth = asked / 10n;
  switch (simulation.step) {
    case "exact":
      await transfer(tx, invoice, asked, now);
      break;
    case "underpaid":
      await transfer(tx, invoice, await nobodys(tx, invoice, asked - tenth), now);
      break;
    case "overpaid":
      await transfer(tx, invoice, await nobodys(tx, invoice, asked + tenth), now);
      break;
    case "duplicate":
      await transfer(tx, invoice, asked, now);
      await transfer(tx, invoice, asked, now);
      break;
    case "late": {
      // One that is being paid does not expire.
      const expires = invoice.status === "pending" && !(await hasPayment(tx, invoice.id));
      const expiresAt = expires ? await expire(tx, invoice) : invoice.expiresAt;
      await transfer(tx, invoice, asked, new Date(Math.max(now.getTime(), expiresAt.getTime() + 1_000)));
      break;
    }
    case "reorged": {
      const transferId = await transfer(tx, invoice, asked, now);
      const dueAt = new Date(now.getTime() + REORG_AFTER_MS);
      await insertSimulation(tx, { invoiceId: invoice.id, step: "orphan", transferId, dueAt });
    }
  }
}

/** `value`, or a little less where another invoice asks for just that: a part of 0.0001 USDT pays nothing. */
async function nobodys(tx: Executor, { walletId, network }: Invoice, value: bigint): Promise<bigint> {
  const { decimals } = networkSpec(network);
  const units = baseToUnits(value, decimals);
  const held = units !== null && (await isAmountHeld(tx, { walletId, mode: "test", amount: units }));
  return held ? value - unitsToBase(1n, decimals) / 2n : value;
}

/** Stores a transfer as if it had been read from the chain. @returns its id. */
async function transfer(tx: Executor, invoice: Invoice, value: bigint, at: Date): Promise<string> {
  const { network, merchantId } = invoice;
  const id = v7();
  const random = (bytes: number) => `0x${randomBytes(bytes).toString("hex")}`;
  await storeTransfers(tx, [
    {
      id,
      network,
      mode: "test",
      merchantId,
      txHash: formatTxHash(network, random(32)),
      ordinal: 0,
      blockNumber: testBlockAt(at),
      blockHash: random(32),
      // Blocks carry whole seconds.
      blockTime: new Date(Math.floor(at.getTime() / 1000) * 1000),
      logIndex: 0,
      fromAddress: formatAddress(network, random(20)),
      toAddressKey: addressKeyOf(network, invoice.payoutAddress),
      value,
      units: baseToUnits(value, networkSpec(network).decimals),
    },
  ]);
  return id;
}

/**
 * Expires a pending test invoice now, as the clock would.
 * @throws {AppError} not_found, invoice_not_pending
 */
export async function triggerExpiry(scope: Scope, { invoiceId }: z.output<typeof triggerExpirySchema>) {
  await db().transaction(async (tx) => {
    const invoice = await lockInvoice(tx, scope, invoiceId);
    if (!invoice) throw notFound();
    if (invoice.status !== "pending") {
      throw new AppError("invoice_not_pending", `The invoice is ${invoice.status}: only a pending one can expire`);
    }
    if (await hasPayment(tx, invoiceId)) {
      throw new AppError(
        "invoice_not_pending",
        "A payment of this invoice was seen: it will be confirmed, and cannot expire",
      );
    }
    await expire(tx, invoice);
  });
  nudge("deliver");
  return presentInvoice(await getInvoice(scope, invoiceId));
}

/** @returns when the invoice's time ended. */
async function expire(tx: Executor, invoice: Invoice): Promise<Date> {
  const expiresAt = await endWindow(tx, invoice.id);
  await markExpired(tx, [invoice.id]);
  const urls = await webhookUrlsOf(tx, [invoice.merchantId]);
  const after = { ...invoice, status: "expired" as const, expiresAt };
  await emitEvent(tx, "invoice.expired", after, null, urls.get(invoice.merchantId) ?? null);
  return expiresAt;
}

/**
 * Sends a webhook now and tells what was sent and what came back. Nothing is stored or retried.
 * @throws {AppError} not_found, no_webhook_url, url_not_allowed
 */
export async function testWebhook(scope: Scope, input: z.output<typeof testWebhookSchema>) {
  const view = input.invoiceId ? await findInvoice(db(), scope, input.invoiceId) : null;
  if (input.invoiceId && !view) throw notFound();
  const merchant = await findMerchant(db(), scope.merchantId);
  if (!merchant) throw notFound();
  const url = input.url ?? view?.callbackUrl ?? merchant.webhookUrl;
  if (!url) {
    throw new AppError(
      "no_webhook_url",
      "There is no URL to send to: give url, or an invoiceId whose invoice has a callbackUrl, or set a default webhook URL",
    );
  }
  const target = checkTargetUrl(url, env().webhookAllowCidrs);
  if (!target.ok) {
    throw new AppError("url_not_allowed", target.reason, { details: [{ path: "url", message: target.reason }] });
  }
  const now = new Date();
  const invoice = view ?? exampleInvoice(scope, now);
  // A pending invoice has nothing to tell yet: show what its confirmation will look like.
  const shown =
    invoice.status === "pending"
      ? { ...invoice, status: "confirmed" as const, paidAt: now, resolution: "automatic" as const }
      : invoice;
  const txHash =
    view?.payment?.txHash ?? (shown.status === "confirmed" ? formatTxHash(shown.network, `0x${"0".repeat(64)}`) : null);
  const type = `invoice.${shown.status as Exclude<Invoice["status"], "pending">}` as const;
  const body = webhookBody(shown, { eventId: v7(), type, createdAt: now, txHash });
  const delivery = {
    id: v7(),
    merchantId: merchant.id,
    body,
    invoiceReference: shown.reference,
    webhookSecret: merchant.webhookSecret,
    previousWebhookSecret: null,
  };
  const headers = deliveryHeaders(delivery, now);
  const outcome = await sendWebhook({ url, body, headers, allowCidrs: env().webhookAllowCidrs });
  return {
    url,
    request: { headers, body },
    response: {
      delivered: outcome.ok,
      statusCode: outcome.statusCode,
      body: outcome.responseBody,
      durationMs: outcome.latencyMs,
      error: outcome.error,
    },
  };
}

function exampleInvoice(scope: Scope, now: Date): Invoice {
  return {
    id: v7(),
    merchantId: scope.merchantId,
    mode: scope.mode,
    walletId: v7(),
    network: "tron",
    payoutAddress: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
    reference: "TEST-WEBHOOK",
    payPath: "TEST-WEBHOOK",
    amountRequested: 1_500_000n,
    amount: 1_500_000n,
    status: "pending",
    title: "Test webhook",
    description: null,
    callbackUrl: null,
    returnUrl: null,
    metadata: '{"example":true}',
    whiteLabel: false,
    createdAt: now,
    expiresAt: new Date(now.getTime() + 1_800_000),
    paidAt: null,
    expiredAt: null,
    cancelledAt: null,
    resolution: null,
  };
}

const notFound = () => new AppError("not_found", "There is no such test invoice");
