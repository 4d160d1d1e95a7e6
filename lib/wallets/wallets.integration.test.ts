import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { findMerchant, type Merchant } from "@/db/queries/merchants";
import { evmForm, randomAddress, useWorld } from "@/e2e/world";
import { parseAmount, unitsToBase } from "@/lib/money";
import { checkAddress } from "./check";
import { addOwnWalletSchema } from "./schema";
import { addWallet, archiveWallet, listWalletUse, makeDefaultWallet, renameWallet } from "./service";

/** Changing wallets, with a real chain behind the ones that are paid. */
const world = useWorld(["ethereum"]);
const TRON = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";
const WHO = { name: "user:test", ip: "203.0.113.9" };

let merchantId: string;
let key: string;

/** A merchant with wallets on Ethereum, the first of which is the default. */
async function shopWith(count: number) {
  const merchant = await world.newMerchant();
  merchantId = merchant.merchantId;
  key = merchant.testKey;
  const wallets = [];
  for (let i = 0; i < count; i++) wallets.push(await world.newWallet("ethereum", merchantId));
  return { ...merchant, wallets };
}
const stateOf = async (mode: "test" | "live" = "test") =>
  listWalletUse((await findMerchant(db(), merchantId)) as Merchant, mode);
const defaults = async () => (await stateOf()).filter((wallet) => wallet.isDefault).map((wallet) => wallet.id);
const invoice = (body: Record<string, unknown> = {}) =>
  world.api("POST", "/invoices", { amountUsdt: "10", assetCode: "USDT_ERC20", ...body }, { key });
const audit = async () =>
  db().execute<{ action: string; actor: string; ip: string; target: string; data: Record<string, unknown> }>(
    sql`select action, actor, ip, target::text, data from audit_log where merchant_id = ${merchantId} and action like 'wallet.%' order by created_at, id`,
  );
const rejection = (promise: Promise<unknown>) => expect(promise).rejects;

describe("making a wallet the default", () => {
  it("sends new invoices to it at once, also those of servers that keep wallets in memory", async () => {
    const { wallets } = await shopWith(2);
    expect((await invoice()).body.walletId).toBe(wallets[0]?.id);
    await makeDefaultWallet(merchantId, wallets[1]?.id ?? "", WHO);
    expect((await invoice()).body.walletId).toBe(wallets[1]?.id);
    expect(await defaults()).toEqual([wallets[1]?.id]);
  });

  it("by ten at once leaves exactly one", async () => {
    const { wallets } = await shopWith(5);
    await Promise.all([...wallets, ...wallets].map((wallet) => makeDefaultWallet(merchantId, wallet.id, WHO)));
    expect(await defaults()).toHaveLength(1);
  });
});

describe("archiving a wallet", () => {
  it("makes no new invoice go there, and makes the oldest other one the default", async () => {
    const { wallets } = await shopWith(3);
    const [first, second] = wallets;
    await archiveWallet(merchantId, first?.id ?? "", WHO);
    expect(await defaults()).toEqual([second?.id]);
    expect((await invoice()).body.walletId).toBe(second?.id);
    expect(await invoice({ walletId: first?.id })).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    const account = await world.api("GET", "/account", undefined, { key });
    expect((account.body.wallets as { id: string }[]).map((wallet) => wallet.id)).toEqual(
      wallets.slice(1).map((wallet) => wallet.id),
    );
  });

  it("the last one of a network: the API says that there is none", async () => {
    const { wallets } = await shopWith(1);
    await archiveWallet(merchantId, wallets[0]?.id ?? "", WHO);
    expect(await invoice()).toMatchObject({ status: 400, body: { code: "no_wallet" } });
  });

  it("still credits an open invoice with a real payment, also after a restart", async () => {
    const shop = await shopWith(1);
    const [wallet] = shop.wallets;
    if (!wallet) throw new Error("no wallet");
    key = shop.liveKey;
    const open = await invoice({ amountUsdt: "12.5" });
    expect(open.status).toBe(201);
    await archiveWallet(merchantId, wallet.id, WHO);
    world.restart();
    const parsed = parseAmount(String(open.body.amountUsdtExact));
    const value = unitsToBase(parsed.ok ? parsed.units : 0n, 6);
    await world.node("ethereum").sendTransfer({ to: evmForm(wallet.address), value });
    await world.node("ethereum").mine(20);
    await world.tick();
    await world.tick();
    const after = await world.api("GET", `/invoices/${open.body.id}`, undefined, { key });
    expect(after.body.status).toBe("confirmed");
  });

  it("is not possible twice, and an archived wallet is no default", async () => {
    const { wallets } = await shopWith(1);
    const id = wallets[0]?.id ?? "";
    await archiveWallet(merchantId, id, WHO);
    await rejection(archiveWallet(merchantId, id, WHO)).toMatchObject({ code: "invalid_request" });
    await rejection(makeDefaultWallet(merchantId, id, WHO)).toMatchObject({ code: "invalid_request" });
  });

  it("ends when its address is added again, however it is spelled: the same wallet, with its invoices", async () => {
    const { wallets } = await shopWith(1);
    const [wallet] = wallets;
    if (!wallet) throw new Error("no wallet");
    await invoice();
    await archiveWallet(merchantId, wallet.id, WHO);
    const address = `0x${wallet.address.slice(2).toUpperCase()}`;
    const again = await addWallet(merchantId, { network: "ethereum", address, label: "Back" }, WHO);
    expect(again).toMatchObject({ id: wallet.id, isDefault: true, archivedAt: null, label: "Back" });
    expect(await stateOf()).toMatchObject([{ id: wallet.id, openInvoices: 1 }]);
    expect((await invoice()).status).toBe(201);
  });
});

describe("wallets in use", () => {
  it("show the open invoices of the mode and the amount that most of them crowd around", async () => {
    const { wallets } = await shopWith(2);
    for (let i = 0; i < 3; i++) await invoice();
    await invoice({ amountUsdt: "20" });
    const cancelled = await invoice({ amountUsdt: "30" });
    await world.api("POST", `/invoices/${cancelled.body.id}/cancel`, undefined, { key });
    expect(await stateOf("test")).toMatchObject([
      { id: wallets[0]?.id, openInvoices: 4, crowded: { amountUsdt: "10.0000", taken: 3 } },
      { id: wallets[1]?.id, openInvoices: 0, crowded: null },
    ]);
    expect((await stateOf("live")).map((wallet) => wallet.openInvoices)).toEqual([0, 0]);
  });

  it("of another merchant cannot be changed: they are not there", async () => {
    const { wallets } = await shopWith(2);
    const [, second] = wallets;
    const other = await world.newMerchant();
    const id = second?.id ?? "";
    const attempts = [
      () => makeDefaultWallet(other.merchantId, id, WHO),
      () => renameWallet(other.merchantId, { walletId: id, label: "mine" }, WHO),
      () => archiveWallet(other.merchantId, id, WHO),
      () => archiveWallet(merchantId, randomUUID(), WHO),
    ];
    for (const attempt of attempts) await rejection(attempt()).toMatchObject({ code: "not_found" });
    expect(await stateOf()).toMatchObject([{ isDefault: true }, { isDefault: false, label: null, archivedAt: null }]);
  });

  it("put every change on record: what, who, from where", async () => {
    const { wallets } = await shopWith(2);
    const id = wallets[1]?.id ?? "";
    await renameWallet(merchantId, { walletId: id, label: "Savings" }, WHO);
    await makeDefaultWallet(merchantId, id, WHO);
    await archiveWallet(merchantId, id, WHO);
    const entries = await audit();
    expect(entries.slice(2)).toEqual([
      expect.objectContaining({
        action: "wallet.renamed",
        data: expect.objectContaining({ from: null, to: "Savings" }),
      }),
      expect.objectContaining({ action: "wallet.made_default" }),
      expect.objectContaining({ action: "wallet.archived" }),
    ]);
    for (const entry of entries.slice(2)) {
      expect(entry).toMatchObject({ actor: WHO.name, ip: WHO.ip, target: id });
    }
  });
});

describe("an address while it is typed", () => {
  const CHECKSUMMED = "0x52908400098527886E0F7030069857D2E4169EE7";
  it.each([
    ["ethereum", CHECKSUMMED, "good", /checksum fits/, ["ethereum", "bsc"]],
    ["tron", ` ${TRON} `, "good", /Tron/, ["tron"]],
    ["ethereum", CHECKSUMMED.toLowerCase(), "doubtful", /no checksum/, ["ethereum", "bsc"]],
    ["ethereum", TRON, "wrong", /looks like a Tron address/, ["tron"]],
    ["tron", CHECKSUMMED, "wrong", /looks like an Ethereum or BNB Smart Chain address/, ["ethereum", "bsc"]],
    ["ethereum", "0xdAC17F958D2ee523a2206206994597C13D831ec7", "wrong", /USDT contract/, ["bsc"]],
    ["tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "wrong", /USDT contract/, []],
    ["ethereum", `0x${"0".repeat(40)}`, "wrong", /zero address/, []],
    ["ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD".replace("5aA", "5AA"), "wrong", /checksum/, []],
    ["ethereum", "0x12", "wrong", /40 hexadecimal digits/, []],
  ] as const)("on %s: %s is %s", async (network, address, verdict, message, fits) => {
    await shopWith(0);
    const check = await checkAddress(merchantId, network, address);
    expect(check).toEqual({ verdict, message: expect.stringMatching(message), fits });
  });

  it("that the merchant has is refused, an archived one comes back, another merchant's is nobody's business", async () => {
    const address = randomAddress("ethereum");
    await shopWith(0);
    const first = merchantId;
    const wallet = await addWallet(first, { network: "ethereum", address }, WHO);
    expect(await checkAddress(first, "ethereum", address)).toMatchObject({ verdict: "wrong" });
    await shopWith(0);
    expect((await checkAddress(merchantId, "ethereum", address)).verdict).not.toBe("wrong");
    await archiveWallet(first, wallet.id, WHO);
    expect(await checkAddress(first, "ethereum", address)).toMatchObject({
      message: expect.stringMatching(/archived/),
    });
  });

  it("is not taken by the form without a password", () => {
    const input = { network: "ethereum", address: CHECKSUMMED, label: "", password: "" };
    expect(addOwnWalletSchema.safeParse(input).error?.issues.map((issue) => issue.path[0])).toEqual(["password"]);
  });
});
