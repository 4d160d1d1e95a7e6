import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { closeDb, db } from "@/db/client";
import { findPayInvoice } from "@/db/queries/pay";
import { createTestMerchant, useTestApi } from "@/e2e/api";
import { sleep } from "@/lib/clock";
import { resetEnv } from "@/lib/env";
import { LivePages } from "./live";
import { type PayStatus, payStatus } from "./view";

const call = useTestApi();
let key: string;
beforeAll(async () => {
  const merchant = await createTestMerchant();
  await merchant.addWallet("ethereum");
  key = merchant.testKey;
});

async function newInvoice(): Promise<{ id: string; reference: string }> {
  const body = { amountUsdt: `${1 + Math.floor(Math.random() * 1e6)}.00`, reference: randomUUID() };
  const answer = await call("POST", "/invoices", { key, body });
  if (answer.status !== 201) throw new Error(answer.text);
  return { id: String(answer.body.id), reference: body.reference };
}

async function watch(live: LivePages, reference: string) {
  const invoice = await findPayInvoice(db(), reference);
  if (!invoice) throw new Error("no invoice");
  const told: { status: PayStatus; isLast: boolean }[] = [];
  const stop = live.watch(invoice.id, {
    version: payStatus(invoice).version,
    changed: (status, isLast) => told.push({ status, isLast }),
    beat: () => {},
    end: () => {},
  });
  return { told, stop: () => stop?.() };
}

async function until(wanted: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !wanted(); i++) await sleep(50);
  expect(wanted()).toBe(true);
}

describe("open pay pages", () => {
  it("are fed by one query at a time, whatever their number; none is made while nobody watches", async () => {
    const live = new LivePages();
    const invoices = await Promise.all(Array.from({ length: 30 }, newInvoice));
    const watchers = await Promise.all(
      invoices.flatMap(({ reference }) => [watch(live, reference), watch(live, reference)]),
    );
    expect(live.size).toBe(60);
    await sleep(3_500);
    expect(live.queries).toBeGreaterThanOrEqual(2);
    expect(live.queries).toBeLessThanOrEqual(4);
    await call("POST", `/invoices/${invoices[0]?.id}/cancel`, { key });
    await until(() => watchers[0]?.told.length === 1 && watchers[1]?.told.length === 1);
    expect(watchers[0]?.told[0]).toMatchObject({ status: { status: "cancelled" }, isLast: true });
    expect(watchers.slice(2).every(({ told }) => told.length === 0)).toBe(true);
    for (const { stop } of watchers) stop();
    const { queries } = live;
    await sleep(1_500);
    expect([live.size, live.queries]).toEqual([0, queries]);
  });

  it("are looked at at once after a nudge, and hear a change once", async () => {
    const live = new LivePages();
    const invoice = await newInvoice();
    const { told, stop } = await watch(live, invoice.reference);
    await call("POST", `/invoices/${invoice.id}/cancel`, { key });
    live.nudge();
    live.nudge();
    await sleep(600);
    expect(told).toHaveLength(1);
    await sleep(1_500);
    expect(told).toHaveLength(1);
    stop();
  });

  it("outlive a database that goes away, and hear what happened meanwhile", async () => {
    const live = new LivePages();
    const invoice = await newInvoice();
    const { told, stop } = await watch(live, invoice.reference);
    await call("POST", `/invoices/${invoice.id}/cancel`, { key });
    const url = process.env.DATABASE_URL;
    await closeDb();
    process.env.DATABASE_URL = "postgres://nobody:secret@127.0.0.1:1/none";
    resetEnv();
    await sleep(1_500);
    await closeDb();
    process.env.DATABASE_URL = url;
    resetEnv();
    await until(() => told.length === 1);
    stop();
  });
});
