import { createHmac } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { useWorld } from "@/e2e/world";
import { rotateApiKey, rotateKeySchema, rotateSecretSchema, rotateWebhookSecret } from "./rotation";

/** Rotating keys and secrets, seen from outside: by requests, and by the signatures that arrive. */

const world = useWorld([]);
let merchantId: string;
beforeAll(async () => {
  merchantId = world.merchant.merchantId;
  const { addWallet } = await import("@/lib/wallets/service");
  await addWallet(merchantId, { network: "tron", address: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy" }, "test");
});

const statusOf = async (key: string) => (await world.api("GET", "/account", undefined, { key })).status;
/** As if so many seconds had gone by since the keys and secrets were changed. */
async function passSeconds(seconds: number): Promise<void> {
  const step = sql`make_interval(secs => ${seconds})`;
  await db().execute(sql`update api_keys set expires_at = expires_at - ${step} where merchant_id = ${merchantId}`);
  await db().execute(
    sql`update merchants set previous_webhook_secret_until = previous_webhook_secret_until - ${step} where id = ${merchantId}`,
  );
}

describe("rotating an API key", () => {
  it("without a grace period kills the old key at once and leaves the other mode's alone", async () => {
    const merchant = await world.newMerchant();
    const { key } = await rotateApiKey(merchant.merchantId, { mode: "test", grace: 0 }, "test");
    expect(key).toMatch(/^test_[A-Za-z0-9]{40}$/);
    expect(await statusOf(merchant.testKey)).toBe(401);
    expect(await statusOf(key)).toBe(200);
    expect(await statusOf(merchant.liveKey)).toBe(200);
  });

  it("with a grace period lets both work until it ends", async () => {
    const { key } = await rotateApiKey(merchantId, { mode: "live", grace: 600 }, "test");
    expect([await statusOf(world.merchant.liveKey), await statusOf(key)]).toEqual([200, 200]);
    await passSeconds(590);
    expect(await statusOf(world.merchant.liveKey)).toBe(200);
    await passSeconds(11);
    expect([await statusOf(world.merchant.liveKey), await statusOf(key)]).toEqual([401, 200]);
    world.merchant.liveKey = key;
  });

  it("again during the grace period: no older key outlives the end that is given now, and none gets a later one", async () => {
    const merchant = await world.newMerchant();
    const rotate = (grace: number) => rotateApiKey(merchant.merchantId, { mode: "test", grace }, "test");
    const second = await rotate(600);
    const third = await rotate(3600);
    const ends = await db().execute<{ seconds: number }>(sql`
      select round(extract(epoch from expires_at - now()) / 10) * 10 as seconds from api_keys
      where merchant_id = ${merchant.merchantId} and mode = 'test' and expires_at is not null order by expires_at`);
    expect(ends.map((row) => Number(row.seconds))).toEqual([600, 3600]);
    const fourth = await rotate(0);
    const keys = [merchant.testKey, second.key, third.key, fourth.key, merchant.liveKey];
    const statuses = [];
    for (const key of keys) statuses.push(await statusOf(key));
    expect(statuses).toEqual([401, 401, 401, 200, 200]);
  });

  it("by 10 at once all succeed, one after the other: exactly one key is current and works, every other one is dead", async () => {
    const merchant = await world.newMerchant();
    const rotated = await Promise.all(
      Array.from({ length: 10 }, () => rotateApiKey(merchant.merchantId, { mode: "test", grace: 0 }, "test")),
    );
    const statuses = await Promise.all(rotated.map(({ key }) => statusOf(key)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(await statusOf(merchant.testKey)).toBe(401);
    const rows = await db().execute(
      sql`select 1 from api_keys where merchant_id = ${merchant.merchantId} and mode = 'test' and expires_at is null`,
    );
    expect(rows).toHaveLength(1);
  });

  it("is recorded without the key, and refused for a merchant who is not there", async () => {
    const { key } = await rotateApiKey(merchantId, { mode: "test", grace: 0 }, "admin");
    world.merchant.testKey = key;
    const rows = await db().execute<{ line: string }>(
      sql`select row_to_json(a)::text as line from audit_log a where action = 'api_key.rotated' and merchant_id = ${merchantId}`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { line } of rows) expect(line).not.toContain(key.slice(12));
    const nobody = "00000000-0000-4000-8000-000000000000";
    await expect(rotateApiKey(nobody, { mode: "test", grace: 0 }, "admin")).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(rotateWebhookSecret(nobody, { grace: 0 }, "admin")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("rotating the webhook secret", () => {
  let amount = 100;
  /** Cancels an invoice and gives the webhook that tells it. */
  async function webhook() {
    const key = { key: world.merchant.testKey };
    const body = { amountUsdt: String(amount++), callbackUrl: `${world.receiver.url}/hook` };
    const invoice = await world.api("POST", "/invoices", body, key);
    await world.api("POST", `/invoices/${invoice.body.id}/cancel`, undefined, key);
    await world.deliver();
    const request = await world.receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.body.reference);
    return { body: request.body, headers: request.headers as Record<string, string> };
  }
  type Webhook = Awaited<ReturnType<typeof webhook>>;
  const documented = ({ body }: Webhook, secret: string) => createHmac("sha256", secret).update(body).digest("hex");
  function standard({ body, headers }: Webhook, secret: string): string {
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const bytes = Buffer.from(secret.slice("whsec_".length), "base64");
    return `v1,${createHmac("sha256", bytes).update(signed).digest("base64")}`;
  }

  it("without a grace period signs with the new secret only, at once", async () => {
    const old = world.merchant.webhookSecret;
    const before = await webhook();
    expect(before.headers["webhook-signature"]).toBe(standard(before, old));
    const { webhookSecret } = await rotateWebhookSecret(merchantId, { grace: 0 }, "test");
    expect(webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhookSecret).not.toBe(old);
    const after = await webhook();
    expect(after.headers["x-webhook-signature"]).toBe(documented(after, webhookSecret));
    expect(after.headers["webhook-signature"]).toBe(standard(after, webhookSecret));
    world.merchant.webhookSecret = webhookSecret;
  });

  it("with a grace period webhook-signature carries both, the new one first, until it ends; X-Webhook-Signature is the new one's", async () => {
    const old = world.merchant.webhookSecret;
    const { webhookSecret } = await rotateWebhookSecret(merchantId, { grace: 3600 }, "test");
    const during = await webhook();
    expect(during.headers["webhook-signature"]?.split(" ")).toEqual([
      standard(during, webhookSecret),
      standard(during, old),
    ]);
    expect(during.headers["x-webhook-signature"]).toBe(documented(during, webhookSecret));
    await passSeconds(3601);
    const after = await webhook();
    expect(after.headers["webhook-signature"]).toBe(standard(after, webhookSecret));
    world.merchant.webhookSecret = webhookSecret;
  });

  it("is stored encrypted: neither secret can be read from the database or the audit log", async () => {
    const { webhookSecret } = await rotateWebhookSecret(merchantId, { grace: 60 }, "test");
    const rows = await db().execute<{ line: string }>(sql`
      select row_to_json(m)::text as line from merchants m union all select row_to_json(a)::text from audit_log a`);
    for (const { line } of rows) {
      for (const secret of [webhookSecret, world.merchant.webhookSecret])
        expect(line).not.toContain(secret.slice(6, 30));
    }
  });
});

describe("what rotation takes", () => {
  it.each([["-1"], ["1.5"], ["604801"], ["soon"]])("refuses a grace of %s", (grace) => {
    expect(rotateKeySchema.safeParse({ mode: "test", grace }).success).toBe(false);
    expect(rotateSecretSchema.safeParse({ grace }).success).toBe(false);
  });

  it("has no grace period unless one is asked for", () => {
    expect(rotateKeySchema.parse({ mode: "live" })).toEqual({ mode: "live", grace: 0 });
    expect(rotateSecretSchema.parse({ grace: "604800" })).toEqual({ grace: 604_800 });
  });
});
