import { beforeAll, describe, expect, it } from "vitest";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { runSandboxOnce } from "@/e2e/sandbox";
import { parsePosition, printPosition } from "@/lib/lists/position";
import { eachInvoice, type InvoiceSearch, searchInvoices } from "./search";

const callApi = useTestApi();
let shop: TestMerchant;
let other: TestMerchant;
let wallet: { id: string; address: string };
const ids: Record<string, string> = {};

const scope = (mode: "test" | "live" = "test", merchant = shop) => ({ merchantId: merchant.id, mode });
const find = async (search: Partial<InvoiceSearch>, in_ = scope()) => {
  const page = await searchInvoices(in_, { text: "", ...search }, { limit: 50, after: null });
  return page.rows.map((row) => row.reference);
};
async function create(merchant: TestMerchant, fields: Record<string, unknown>): Promise<Record<string, string>> {
  const answer = await callApi("POST", "/invoices", { key: merchant.testKey, body: fields });
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Record<string, string>;
}

beforeAll(async () => {
  shop = await createTestMerchant();
  other = await createTestMerchant();
  wallet = await shop.addWallet("ethereum");
  await shop.addWallet("tron", "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy");
  await other.addWallet("ethereum", wallet.address);
  for (const [reference, amountUsdt, assetCode, title] of [
    ["ORDER-1", "10", "USDT_ERC20", "Blue chair"],
    ["ORDER-10", "10", "USDT_ERC20", "100 % wool"],
    ["ORDER-2", "25.5", "USDT_TRC20", null],
    ["777", "1000", "USDT_TRC20", null],
    ["x-777", "777", "USDT_ERC20", null],
  ]) {
    const made = await create(shop, { reference, amountUsdt, assetCode, title });
    ids[reference as string] = made.id as string;
  }
  await create(other, { reference: "ORDER-1", amountUsdt: "10" });
  const simulate = (merchant: TestMerchant, invoiceId: string | undefined) =>
    callApi("POST", "/sandbox/simulate-payment", { key: merchant.testKey, body: { invoiceId } });
  expect((await simulate(shop, ids["ORDER-1"])).status).toBe(200);
  await runSandboxOnce();
});

describe("searching invoices", () => {
  it("finds a reference by its beginning and by a part of it, newest first", async () => {
    expect(await find({ text: "ORDER-1" })).toEqual(["ORDER-10", "ORDER-1"]);
    expect(await find({ text: "RDER-2" })).toEqual(["ORDER-2"]);
    expect(await find({ text: "order-2" })).toEqual(["ORDER-2"]);
  });

  it("finds words of a title, taking % and _ for what they are", async () => {
    expect(await find({ text: "blue" })).toEqual(["ORDER-1"]);
    expect(await find({ text: "100 %" })).toEqual(["ORDER-10"]);
    expect(await find({ text: "_____" })).toEqual([]);
  });

  it("finds an amount as asked for and as adjusted; a number may be a reference too", async () => {
    // The second of the two at 10 was moved to 10.0001.
    expect(await find({ text: "10" })).toEqual(["ORDER-10", "ORDER-1"]);
    expect(await find({ text: "10.0001" })).toEqual(["ORDER-10"]);
    expect(await find({ text: "25,5 USDT" })).toEqual(["ORDER-2"]);
    expect(await find({ text: "777" })).toEqual(["x-777", "777"]);
  });

  it("finds a transaction, whoever writes it with or without 0x, and who sent it", async () => {
    const { body } = await callApi("GET", `/invoices/${ids["ORDER-1"]}`, { key: shop.testKey });
    const { txHash, from } = body.payment as { txHash: string; from: string };
    expect(await find({ text: txHash })).toEqual(["ORDER-1"]);
    expect(await find({ text: txHash.slice(2).toUpperCase() })).toEqual(["ORDER-1"]);
    expect(await find({ text: from.toLowerCase() })).toEqual(["ORDER-1"]);
    expect(await find({ text: txHash }, scope("test", other))).toEqual([]);
    expect(await find({ text: txHash.replace(/.$/, (c) => (c === "0" ? "1" : "0")) })).toEqual([]);
  });

  it("finds what is paid to an address of one's own, and an id", async () => {
    expect(await find({ text: wallet.address })).toEqual(["x-777", "ORDER-10", "ORDER-1"]);
    expect(await find({ text: ids["ORDER-2"] })).toEqual(["ORDER-2"]);
  });

  it("filters by status, network and time together with the text", async () => {
    expect(await find({ status: "confirmed" })).toEqual(["ORDER-1"]);
    expect(await find({ network: "tron" })).toEqual(["777", "ORDER-2"]);
    expect(await find({ text: "ORDER", network: "ethereum", status: "pending" })).toEqual(["ORDER-10"]);
    expect(await find({ before: new Date(Date.now() - 60_000) })).toEqual([]);
    expect(await find({ from: new Date(Date.now() - 60_000), text: "ORDER-2" })).toEqual(["ORDER-2"]);
  });

  it("never shows another merchant's invoices or the other mode's, by any term", async () => {
    expect(await find({}, scope("live"))).toEqual([]);
    for (const text of ["ORDER", "10", wallet.address, ids["ORDER-1"] ?? "", "blue"]) {
      expect(await find({ text }, scope("live"))).toEqual([]);
      const theirs = await find({ text }, scope("test", other));
      expect(theirs.length, text).toBeLessThanOrEqual(1);
      expect(theirs.includes("ORDER-10")).toBe(false);
    }
  });

  it("takes any text without failing", async () => {
    for (const text of [
      "\0",
      "\ud800",
      "'; drop table invoices; --",
      "%",
      "\\",
      "x".repeat(5000),
      "T".repeat(34),
      "0x",
    ]) {
      await find({ text });
    }
  });

  it("pages through by cursor without leaving out or repeating one", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await searchInvoices(scope(), { text: "" }, { limit: 2, after: parsePosition(cursor) });
      seen.push(...page.rows.map((row) => row.reference));
      cursor = page.next ? printPosition(page.next) : undefined;
    } while (cursor);
    expect(seen).toEqual(["x-777", "777", "ORDER-2", "ORDER-10", "ORDER-1"]);
    const batches: string[][] = [];
    for await (const rows of eachInvoice(scope(), { text: "ORDER" }, 2)) batches.push(rows.map((row) => row.reference));
    expect(batches).toEqual([["ORDER-2", "ORDER-10"], ["ORDER-1"]]);
  });
});
