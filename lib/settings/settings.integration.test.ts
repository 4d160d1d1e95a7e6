import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { findMerchant } from "@/db/queries/merchants";
import { useWorld } from "@/e2e/world";
import { flushUses } from "@/lib/api-keys/last-used";
import { listKeys } from "@/lib/api-keys/service";
import { listAuditLog } from "@/lib/audit/service";
import { rotateApiKey } from "@/lib/merchants/rotation";
import { getChecklist, homeMode, keyCopied } from "@/lib/onboarding/service";
import { businessSchema, invoiceDefaultsSchema, logoSchema, MAX_LOGO_BYTES, payPageSchema } from "./schema";
import { changeBusiness, changeInvoiceDefaults, changeLogo, changePayPage, logoDataUrl, removeLogo } from "./service";

/** What a merchant changes about the account: settings, logo, keys; the record of it, and the first steps. */
const world = useWorld([]);
const WHO = { name: "user:00000000-0000-4000-8000-000000000000", ip: "203.0.113.9" };
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const merchantOf = async (id: string) => {
  const merchant = await findMerchant(db(), id);
  if (!merchant) throw new Error("no merchant");
  return merchant;
};
const changesOf = async (id: string) => (await listAuditLog(id, undefined)).entries;

describe("settings", () => {
  it("are stored and recorded, each from what to what; what stays as it is is not", async () => {
    const { merchantId } = await world.newMerchant();
    await changeBusiness(merchantId, businessSchema.parse({ name: " Café ", timeZone: "UTC" }), WHO);
    await changeInvoiceDefaults(
      merchantId,
      invoiceDefaultsSchema.parse({ adjustmentLimitUsdt: "0.1", expiryMinutes: "45" }),
      WHO,
    );
    const page = { accentColor: "#FF8800", frameOrigins: "https://Shop.example/\n\nhttps://shop.example" };
    await changePayPage(merchantId, payPageSchema.parse(page), WHO);
    await changePayPage(merchantId, payPageSchema.parse(page), WHO);
    expect(await merchantOf(merchantId)).toMatchObject({
      name: "Café",
      timeZone: "UTC",
      adjustmentLimit: 1000n,
      defaultExpirySeconds: 2700,
      accentColor: "#ff8800",
      frameOrigins: ["https://shop.example"],
    });
    expect((await changesOf(merchantId)).filter((entry) => entry.action === "settings.changed")).toMatchObject([
      { data: { accentColor: { from: null, to: "#ff8800" }, frameOrigins: { from: "", to: "https://shop.example" } } },
      {
        data: { adjustmentLimit: { from: "0.0500", to: "0.1000" }, defaultExpirySeconds: { from: "1800", to: "2700" } },
      },
      { data: { name: { from: "Shop", to: "Café" } }, actor: WHO.name, ip: WHO.ip },
    ]);
  });

  it("rule the next invoice: its time to pay, and no adjustment where the limit is 0", async () => {
    const merchant = await world.newMerchant();
    await world.newWallet("ethereum", merchant.merchantId);
    const input = invoiceDefaultsSchema.parse({ adjustmentLimitUsdt: "0", expiryMinutes: 5 });
    await changeInvoiceDefaults(merchant.merchantId, input, WHO);
    const create = () => world.api("POST", "/invoices", { amountUsdt: "10" }, { key: merchant.testKey });
    const { body } = await create();
    const seconds = (Date.parse(String(body.expiresAt)) - Date.parse(String(body.createdAt))) / 1000;
    expect(Math.abs(seconds - 300)).toBeLessThanOrEqual(1);
    expect((await create()).body.code).toBe("amount_unavailable");
  });

  it.each(["1.0001", "-0.1", "0.00001", "1e-3", "2", "", "0,1", "abc", ".5"])(
    "refuse an adjustment limit of %j",
    (text) => {
      const parsed = invoiceDefaultsSchema.safeParse({ adjustmentLimitUsdt: text, expiryMinutes: 30 });
      expect(parsed.error?.issues.map((issue) => issue.path[0])).toEqual(["adjustmentLimitUsdt"]);
    },
  );

  it.each([4, 121, 7.5, "", "soon"])("refuse %j minutes to pay", (expiryMinutes) => {
    expect(invoiceDefaultsSchema.safeParse({ adjustmentLimitUsdt: "1.0000", expiryMinutes }).success).toBe(false);
  });

  it.each([
    "http://shop.example",
    "https://shop.example/path",
    "https://*",
    "*",
    "https://shop.example; script-src *",
    "javascript:alert(1)",
    "https://user@shop.example",
    "'self'",
    Array.from({ length: 21 }, (_, i) => `https://s${i}.example`).join("\n"),
  ])("refuse to let %j show the pay page in a frame", (frameOrigins) => {
    expect(payPageSchema.safeParse({ accentColor: "", frameOrigins }).success).toBe(false);
  });

  it.each(["red", "#fff", "#12345g", "#1f4fd8;", "url(x)"])("refuse the colour %j", (accentColor) => {
    expect(payPageSchema.safeParse({ accentColor, frameOrigins: "" }).success).toBe(false);
  });

  it("take a time zone that exists, and no other", () => {
    expect(businessSchema.safeParse({ name: "x", timeZone: "America/Sao_Paulo" }).success).toBe(true);
    expect(businessSchema.safeParse({ name: "x", timeZone: "Mars/Olympus" }).success).toBe(false);
  });
});

describe("a logo", () => {
  it("is kept as it was sent, replaced and removed, and all of it is recorded", async () => {
    const { merchantId } = await world.newMerchant();
    expect(await logoDataUrl(merchantId)).toBeNull();
    await changeLogo(merchantId, new Blob([PNG], { type: "text/html" }), WHO);
    expect(await logoDataUrl(merchantId)).toBe(`data:image/png;base64,${PNG.toString("base64")}`);
    await removeLogo(merchantId, WHO);
    await removeLogo(merchantId, WHO);
    expect(await logoDataUrl(merchantId)).toBeNull();
    const actions = (await changesOf(merchantId)).map((entry) => entry.action);
    expect(actions).toEqual(["logo.removed", "logo.changed", "merchant.created"]);
  });

  it.each([
    ["a page that calls itself a picture", Buffer.from("<script>alert(1)</script>")],
    ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ["the beginning of a PNG only", PNG.subarray(0, 20)],
    ["a GIF", Buffer.from("GIF89a\x01\0\x01\0")],
    ["nothing", Buffer.alloc(0)],
    ["a picture of more than 256 KB", Buffer.concat([PNG, Buffer.alloc(MAX_LOGO_BYTES)])],
  ])("is not %s", async (_, content) => {
    const { merchantId } = await world.newMerchant();
    const attempt = changeLogo(merchantId, new Blob([content], { type: "image/png" }), WHO);
    await expect(attempt).rejects.toMatchObject({ code: "invalid_request", extra: { details: [{ path: "file" }] } });
    expect(await logoDataUrl(merchantId)).toBeNull();
  });

  it("of more than 256 KB or of no bytes is refused before it is sent", () => {
    expect(logoSchema.safeParse({ file: new Blob([Buffer.alloc(MAX_LOGO_BYTES + 1)]) }).success).toBe(false);
    expect(logoSchema.safeParse({ file: new Blob([]) }).success).toBe(false);
    expect(logoSchema.safeParse({ file: "a text" }).success).toBe(false);
  });
});

describe("API keys", () => {
  it("are listed by mode without what could be used, the current one first, dead ones not", async () => {
    const { merchantId } = await world.newMerchant();
    await rotateApiKey(merchantId, { mode: "test", grace: 0 }, WHO);
    const { key } = await rotateApiKey(merchantId, { mode: "test", grace: 600 }, WHO);
    const keys = await listKeys(merchantId, "test");
    expect(keys.map((each) => each.expiresAt === null)).toEqual([true, false]);
    expect(keys[0]?.prefix).toBe(key.slice(0, 12));
    expect(JSON.stringify(keys)).not.toMatch(/hash/);
    expect(await listKeys(merchantId, "live")).toHaveLength(1);
  });

  it("remember their last use, written once a minute however often they are used, and wrong keys write nothing", async () => {
    const merchant = await world.newMerchant();
    const use = async () => {
      for (let i = 0; i < 5; i++) await world.api("GET", "/account", undefined, { key: merchant.testKey });
      await flushUses();
      return (await listKeys(merchant.merchantId, "test"))[0]?.lastUsedAt ?? null;
    };
    await world.api("GET", "/account", undefined, { key: `${merchant.testKey.slice(0, -1)}_` });
    await flushUses();
    expect((await listKeys(merchant.merchantId, "test"))[0]?.lastUsedAt).toBeNull();
    const first = await use();
    expect(Math.abs(Date.now() - (first?.getTime() ?? 0))).toBeLessThan(30_000);
    expect(await use()).toEqual(first);
    await db().execute(
      sql`update api_keys set last_used_at = now() - interval '61 seconds' where merchant_id = ${merchant.merchantId} and mode = 'test'`,
    );
    expect((await use())?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? 0);
    expect((await listKeys(merchant.merchantId, "live"))[0]?.lastUsedAt).toBeNull();
  });
});

describe("the audit log", () => {
  it("is read page by page, newest first, without repeats or gaps, and is nobody else's", async () => {
    const [one, other] = [await world.newMerchant(), await world.newMerchant()];
    await db().execute(sql`
      insert into audit_log (id, merchant_id, actor, action, created_at)
      select gen_random_uuid(), ${one.merchantId}, 'operator', 'test.' || n, now() + make_interval(secs => n / 10)
      from generate_series(1, 119) as n`);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await listAuditLog(one.merchantId, after);
      seen.push(...page.entries.map((entry) => entry.id));
      after = page.next ?? undefined;
    } while (after);
    expect(new Set(seen).size).toBe(120);
    expect(seen).toHaveLength(120);
    expect(await changesOf(other.merchantId)).toHaveLength(1);
    for (const wrong of ["", "x", "1_1", "'; drop table audit_log"]) {
      expect((await listAuditLog(one.merchantId, wrong)).entries).toHaveLength(50);
    }
  });
});

describe("the first steps", () => {
  it("are ticked by their having happened, and then go away", async () => {
    const merchant = await world.newMerchant();
    const { merchantId } = merchant;
    const steps = async () => {
      const state = await getChecklist(merchantId);
      return state && [state.keyCopied, state.walletAdded, state.firstCall, state.webhookAnswered];
    };
    expect(await steps()).toEqual([false, false, false, false]);
    expect((await getChecklist(merchantId))?.testKeyPrefix).toBe(merchant.testKey.slice(0, 12));
    await keyCopied(merchantId);
    expect(await steps()).toEqual([true, false, false, false]);
    await world.newWallet("ethereum", merchantId);
    expect(await steps()).toEqual([true, true, false, false]);
    const key = { key: merchant.testKey };
    const body = { amountUsdt: "10", callbackUrl: `${world.receiver.url}/hook` };
    const invoice = await world.api("POST", "/invoices", body, key);
    await flushUses();
    expect(await steps()).toEqual([true, true, true, false]);
    await world.api("POST", `/invoices/${invoice.body.id}/cancel`, undefined, key);
    await world.deliver();
    expect(await steps()).toBeNull();
  });

  it("lead to test mode until the live key has been used", async () => {
    const merchant = await world.newMerchant();
    expect(await homeMode(merchant.merchantId)).toBe("test");
    await world.api("GET", "/account", undefined, { key: merchant.liveKey });
    await flushUses();
    expect(await homeMode(merchant.merchantId)).toBe("live");
  });
});
