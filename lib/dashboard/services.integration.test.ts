import { randomUUID } from "node:crypto";
import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { attempts, auditLog, deliveries, invoiceOpenings, payments, transfers, unmatchedTransfers } from "@/db/schema";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { runSandboxOnce } from "@/e2e/sandbox";
import { getApiLog, searchApiLogs } from "@/lib/api/log-search";
import { flushRequestLog } from "@/lib/api/request-log";
import { exportInvoices } from "@/lib/invoices/export";
import { cancelInvoice } from "@/lib/invoices/service";
import { getInvoiceDetail } from "@/lib/invoices/timeline";
import { listTransferPage } from "@/lib/transfers/list";
import { acceptTransfer, getUnmatchedTransfer, listUnmatchedPage } from "@/lib/transfers/unmatched";
import { findSentBody, getDelivery, listDeliveryPage } from "@/lib/webhooks/deliveries";
import { resendDelivery } from "@/lib/webhooks/resend";

const callApi = useTestApi();
const PAGE = { limit: 20, after: null };
const ACTOR = { name: "user:u-1", ip: "203.0.113.7" };
let shop: TestMerchant;
let other: TestMerchant;
const scope = (merchant = shop, mode: "test" | "live" = "test") => ({ merchantId: merchant.id, mode });
const strangers = () => [scope(shop, "live"), scope(other), scope(other, "live")];

async function create(fields: Record<string, unknown>, merchant = shop): Promise<Record<string, string>> {
  const body = { callbackUrl: "https://shop.example.com/hook", ...fields };
  const answer = await callApi("POST", "/invoices", { key: merchant.testKey, body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Record<string, string>;
}
async function simulate(invoiceId: string | undefined, scenario = "exact") {
  const answer = await callApi("POST", "/sandbox/simulate-payment", {
    key: shop.testKey,
    body: { invoiceId, scenario },
  });
  expect(answer.status, answer.text).toBe(200);
}
const unmatched = async (who = scope()) => (await listUnmatchedPage(who, { limit: 50, before: null })).data;

beforeAll(async () => {
  shop = await createTestMerchant();
  other = await createTestMerchant();
  const { address } = await shop.addWallet("ethereum");
  // The same address: what reaches it in the sandbox belongs to one of them all the same.
  await other.addWallet("ethereum", address);
});

describe("transfers that pay nothing", () => {
  it("are listed for their merchant and mode only, with reason and likely invoice, and accepted with a trace", async () => {
    const invoice = await create({ amountUsdt: "80" });
    await simulate(invoice.id, "underpaid");
    await runSandboxOnce(2_600);
    const [transfer] = await unmatched();
    expect(transfer).toMatchObject({ reason: "underpaid", likelyInvoiceId: invoice.id, amountUsdt: "72.0000" });
    const id = transfer?.id ?? "";
    for (const stranger of strangers()) {
      expect(await unmatched(stranger)).toEqual([]);
      await expect(getUnmatchedTransfer(stranger, id)).rejects.toMatchObject({ code: "not_found" });
      await expect(acceptTransfer(id, invoice.id ?? "", ACTOR, stranger)).rejects.toMatchObject({ code: "not_found" });
    }
    expect(await getUnmatchedTransfer(scope(), id)).toMatchObject({ id });
    await acceptTransfer(id, invoice.id ?? "", ACTOR, scope());
    expect(await unmatched()).toEqual([]);
    await expect(getUnmatchedTransfer(scope(), id)).rejects.toMatchObject({ code: "not_found" });
    const [entry] = await db().select().from(auditLog).where(eq(auditLog.target, id));
    expect(entry).toMatchObject({ action: "transfer.accepted", actor: "user:u-1", ip: "203.0.113.7" });
    const { timeline } = await getInvoiceDetail(scope(), invoice.id ?? "");
    expect(timeline.map((item) => item.kind)).toContain("audit");
    expect(timeline.find((item) => item.kind === "confirmed")).toMatchObject({ manual: true });
  });

  it("leave the list with their payment and come back when it is undone, in the same transaction", async () => {
    const invoice = await create({ amountUsdt: "81" });
    await simulate(invoice.id, "reorged");
    const [before] = await db()
      .select({ id: transfers.id })
      .from(transfers)
      .innerJoin(unmatchedTransfers, eq(unmatchedTransfers.transferId, transfers.id))
      .where(eq(transfers.units, 810_000n));
    expect(before).toBeDefined();
    const listed = async () =>
      (
        await db()
          .select()
          .from(unmatchedTransfers)
          .where(eq(unmatchedTransfers.transferId, before?.id ?? ""))
      ).length;
    await db()
      .insert(payments)
      .values({ invoiceId: invoice.id ?? "", merchantId: shop.id, transferId: before?.id ?? "" });
    expect(await listed()).toBe(0);
    await db()
      .delete(payments)
      .where(eq(payments.transferId, before?.id ?? ""));
    expect(await listed()).toBe(1);
    await db()
      .transaction(async (tx) => {
        await tx
          .insert(payments)
          .values({ invoiceId: invoice.id ?? "", merchantId: shop.id, transferId: before?.id ?? "" });
        throw new Error("undo");
      })
      .catch(() => {});
    expect(await listed()).toBe(1);
    await runSandboxOnce(1_500);
    // Its block left the chain: it is no longer shown, though it is still known.
    expect((await unmatched()).some((transfer) => transfer.id === before?.id)).toBe(false);
  });
});

describe("all transfers", () => {
  it("are listed with the invoice they pay, found by hash and sender, paged, and nobody else's", async () => {
    const invoice = await create({ amountUsdt: "82" });
    await simulate(invoice.id);
    await runSandboxOnce();
    const page = await listTransferPage(scope(), { text: "" }, PAGE);
    const mine = page.rows.find((row) => row.invoiceId === invoice.id);
    expect(mine).toMatchObject({ amountUsdt: "82.0000", confirmed: true, invoiceReference: invoice.reference });
    for (const text of [mine?.txHash ?? "", mine?.txHash.slice(2).toUpperCase() ?? "", mine?.fromAddress ?? ""]) {
      expect((await listTransferPage(scope(), { text }, PAGE)).rows.map((row) => row.id)).toEqual([mine?.id]);
      for (const stranger of strangers()) expect((await listTransferPage(stranger, { text }, PAGE)).rows).toEqual([]);
    }
    expect((await listTransferPage(scope(), { text: "nonsense" }, PAGE)).rows).toEqual([]);
    const seen: string[] = [];
    for (let after: (typeof page)["next"] = null; ; ) {
      const next = await listTransferPage(scope(), { text: "" }, { limit: 1, after });
      seen.push(...next.rows.map((row) => row.id));
      after = next.next;
      if (!after) break;
    }
    expect(seen).toEqual(page.rows.map((row) => row.id));
  });
});

describe("deliveries and the timeline", () => {
  it("show every attempt and the bytes that were sent, to their merchant and mode only; re-sending is put on record", async () => {
    const invoice = await create({ amountUsdt: "83", metadata: { a: 1 } });
    await db()
      .insert(invoiceOpenings)
      .values({ invoiceId: invoice.id ?? "" });
    await cancelInvoice(scope(), invoice.id ?? "", ACTOR);
    const page = await listDeliveryPage(scope(), { reference: invoice.reference }, PAGE);
    const id = page.rows[0]?.id ?? "";
    expect(page.rows).toMatchObject([{ status: "pending", type: "invoice.cancelled", invoiceId: invoice.id }]);
    const attempt = {
      deliveryId: id,
      number: 1,
      startedAt: new Date(),
      statusCode: 500,
      latencyMs: 12,
      responseBody: "no",
    };
    await db()
      .insert(attempts)
      .values({ ...attempt, error: "http: the answer is 500" });
    await db().update(deliveries).set({ status: "failed", nextAttemptAt: null }).where(eq(deliveries.id, id));

    const detail = await getDelivery(scope(), id);
    expect(detail).toMatchObject({ status: "failed", attempts: [{ statusCode: 500, responseBody: "no" }] });
    expect(JSON.parse(detail.body)).toMatchObject({ type: "invoice.cancelled", metadata: { a: 1 } });
    expect(detail.headers["X-Webhook-Id"]).toBe(id);
    expect(await findSentBody(shop.id, id)).toBe(detail.body);
    expect(await findSentBody(other.id, id)).toBeNull();
    for (const stranger of strangers()) {
      await expect(getDelivery(stranger, id)).rejects.toMatchObject({ code: "not_found" });
      await expect(resendDelivery(id, ACTOR, stranger)).rejects.toMatchObject({ code: "not_found" });
      await expect(getInvoiceDetail(stranger, invoice.id ?? "")).rejects.toMatchObject({ code: "not_found" });
      await expect(cancelInvoice(stranger, invoice.id ?? "")).rejects.toMatchObject({ code: "not_found" });
      expect((await listDeliveryPage(stranger, {}, PAGE)).rows).toEqual([]);
    }
    const failed = await listDeliveryPage(scope(), { status: "failed" }, PAGE);
    expect(failed.rows.map((row) => row.id)).toEqual([id]);
    await resendDelivery(id, ACTOR, scope());
    expect((await listDeliveryPage(scope(), { status: "failed" }, PAGE)).rows).toEqual([]);

    const { timeline } = await getInvoiceDetail(scope(), invoice.id ?? "");
    const kinds = timeline.map((item) => item.kind);
    expect(kinds.slice(0, 2)).toEqual(["created", "opened"]);
    for (const kind of ["cancelled", "event", "attempt", "audit", "scheduled"]) expect(kinds).toContain(kind);
    const acts = timeline.flatMap((item) => (item.kind === "audit" ? [item.entry.action] : []));
    expect(acts).toEqual(["invoice.cancelled", "delivery.resent"]);
  });

  it("tell a payment from the transfer to the webhook, in order", async () => {
    const invoice = await create({ amountUsdt: "84" });
    await simulate(invoice.id);
    await runSandboxOnce();
    const { timeline } = await getInvoiceDetail(scope(), invoice.id ?? "");
    expect(timeline.map((item) => item.kind)).toEqual(["created", "seen", "confirmed", "event", "scheduled"]);
  });

  it("takes what is no id for one that does not exist", async () => {
    for (const id of ["", "1", "\0", randomUUID()]) {
      await expect(getDelivery(scope(), id)).rejects.toMatchObject({ code: "not_found" });
      await expect(getInvoiceDetail(scope(), id)).rejects.toMatchObject({ code: "not_found" });
      await expect(getUnmatchedTransfer(scope(), id)).rejects.toMatchObject({ code: "not_found" });
      await expect(getApiLog(scope(), id)).rejects.toMatchObject({ code: "not_found" });
      await expect(resendDelivery(id, ACTOR, scope())).rejects.toMatchObject({ code: "not_found" });
    }
  });
});

describe("API logs", () => {
  it("are found by status, method, path and time, by their merchant in their mode only", async () => {
    await callApi("GET", "/invoices/nothing-here", { key: shop.testKey });
    await callApi("POST", "/invoices", { key: shop.testKey, body: { amountUsdt: "-1" } });
    await flushRequestLog();
    const find = async (filter: Parameters<typeof searchApiLogs>[1], who = scope()) =>
      (await searchApiLogs(who, filter, PAGE)).rows;
    expect((await find({ status: 404 })).map((row) => row.path)).toEqual(["/api/v1/invoices/nothing-here"]);
    expect((await find({ status: 4 })).map((row) => row.statusCode)).toEqual([400, 404]);
    expect((await find({ method: "GET", path: "NOTHING" })).length).toBe(1);
    expect(await find({ path: "100%_" })).toEqual([]);
    expect(await find({ before: new Date(0) })).toEqual([]);
    const all = await find({});
    expect(all.length).toBeGreaterThan(5);
    const id = all[0]?.id ?? "";
    expect(await getApiLog(scope(), id)).toMatchObject({ id });
    for (const stranger of strangers()) {
      expect(await find({}, stranger)).toEqual([]);
      await expect(getApiLog(stranger, id)).rejects.toMatchObject({ code: "not_found" });
    }
  });
});

describe("the CSV of invoices", () => {
  const read = async (who = scope(), text = "") => await new Response(exportInvoices(who, { text })).text();

  it("has every invoice of the merchant and mode once, and no cell that a spreadsheet would run", async () => {
    await create({ amountUsdt: "85", reference: '=HYPERLINK("http://x")', title: "@evil, “quoted”\nsecond line ü" });
    const csv = await read();
    const rows = csv.split("\r\n");
    expect(rows[0]).toMatch(/^id,reference,status,amount_usdt,/);
    expect(csv).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(csv).toContain(`"'@evil, “quoted”\nsecond line ü"`);
    expect(csv).toContain(",85.0000,85.0000,USDT_ERC20,");
    expect(csv).toMatch(/,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,/);
    expect(csv).not.toContain("ENCRYPTION");
    for (const stranger of strangers()) expect((await read(stranger)).split("\r\n")).toHaveLength(2);
  });

  it("is the search's: filtered alike", async () => {
    expect((await read(scope(), "85")).split("\r\n")).toHaveLength(3);
  });
});
