import { createHmac, randomUUID } from "node:crypto";
import { asc, eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { recordAttempts } from "@/db/queries/deliveries";
import { attempts, deliveries, events } from "@/db/schema";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { manyDeliveries } from "@/e2e/deliveries";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { resetEnv } from "@/lib/env";
import { changeWebhookUrl, rotateWebhookSecret } from "@/lib/merchants/rotation";
import { Deliverer, LEASE_SECONDS } from "./deliver";
import { resendDelivery } from "./resend";
import { FIRST_RETRY_SECONDS, MAX_ATTEMPTS } from "./schedule";

/** Deliveries from the outbox to a real receiver; due times are moved by SQL instead of waiting. */

const api = useTestApi({ WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });
let receiver: Receiver;
let shop: TestMerchant;
beforeAll(async () => {
  receiver = await startReceiver();
  shop = await newShop();
});
/** Deliverers whose requests hang until the receiver is closed. */
const hanging: Deliverer[] = [];
afterAll(async () => {
  await receiver.close();
  for (const one of hanging) await one.drain(5_000);
});

async function newShop() {
  const merchant = await createTestMerchant();
  await merchant.addWallet("ethereum");
  return merchant;
}

let next = 0;
/** A delivery that is due: of an invoice that was cancelled. The path is its own, so that its receiver's behaviour is too. */
async function newDelivery(merchant = shop, fields: object = {}) {
  const path = `/hook-${++next}`;
  const callbackUrl = receiver.url + path;
  const body = { amountUsdt: String(100 + next), callbackUrl, metadata: { n: next, ü: "€" }, ...fields };
  const invoice = await api("POST", "/invoices", { key: merchant.testKey, body });
  expect(invoice.status, invoice.text).toBe(201);
  expect((await api("POST", `/invoices/${invoice.body.id}/cancel`, { key: merchant.testKey })).status).toBe(200);
  const [row] = await db()
    .select({ delivery: deliveries })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .where(eq(events.invoiceId, String(invoice.body.id)));
  return { path, invoice: invoice.body, id: row?.delivery.id ?? "", body: row?.delivery.body ?? "" };
}
const stateOf = async (id: string) => {
  const [row] = await db().select().from(deliveries).where(eq(deliveries.id, id));
  if (!row) throw new Error("no such delivery");
  return row;
};
const attemptsOf = (id: string) =>
  db().select().from(attempts).where(eq(attempts.deliveryId, id)).orderBy(asc(attempts.number));
const at = (path: string) => receiver.requests.filter((request) => request.path === path);
const makeDue = (id: string) =>
  db().update(deliveries).set({ nextAttemptAt: sql`now() - interval '1 second'` }).where(eq(deliveries.id, id));

const deliverer = new Deliverer(randomUUID());
/** Sends what is due and waits for the answers. */
async function deliver(by = deliverer): Promise<number> {
  const started = await by.tick(() => {});
  await by.drain(10_000);
  return started;
}
// What a test leaves due must not be sent by the next.
afterEach(async () => {
  await db().update(deliveries).set({ status: "failed", nextAttemptAt: null }).where(eq(deliveries.status, "pending"));
});

/** Seconds from an attempt to the next one's due time. */
const pauseOf = async (id: string, attempt: number) => {
  const made = (await attemptsOf(id))[attempt - 1];
  const { nextAttemptAt } = await stateOf(id);
  return ((nextAttemptAt?.getTime() ?? 0) - (made?.startedAt.getTime() ?? 0)) / 1000;
};

describe("a delivery", () => {
  it("that is answered with a 2xx is delivered, once, with its headers and the stored bytes", async () => {
    const { id, path, body, invoice } = await newDelivery();
    receiver.behave({ status: 204 }, path);
    await deliver();
    await deliver();
    expect(at(path)).toHaveLength(1);
    const request = at(path)[0];
    expect(request?.body).toBe(body);
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "x-webhook-id": id,
      "webhook-id": id,
      "x-invoice-reference": invoice.reference,
      "x-webhook-signature": createHmac("sha256", shop.webhookSecret).update(body).digest("hex"),
    });
    expect(await stateOf(id)).toMatchObject({
      status: "delivered",
      attemptsMade: 1,
      nextAttemptAt: null,
      leaseUntil: null,
    });
    expect((await stateOf(id)).completedAt).not.toBeNull();
  });

  it("that fails is tried again 30 s · 2ⁿ ± 20 % later, ten times, with the same id and bytes; then it is failed", async () => {
    const { id, path, body } = await newDelivery();
    receiver.behave({ status: 500, body: "oops" }, path);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      expect(await deliver()).toBe(1);
      expect(await deliver(), "before it is due").toBe(0);
      if (attempt === MAX_ATTEMPTS) break;
      expect(await stateOf(id)).toMatchObject({ status: "pending", attemptsMade: attempt, leaseUntil: null });
      const expected = FIRST_RETRY_SECONDS * 2 ** (attempt - 1);
      const pause = await pauseOf(id, attempt);
      expect(pause).toBeGreaterThanOrEqual(expected * 0.8);
      // The answer takes its time too.
      expect(pause).toBeLessThanOrEqual(expected * 1.2 + 2);
      await makeDue(id);
    }
    expect(await stateOf(id)).toMatchObject({ status: "failed", attemptsMade: 11, nextAttemptAt: null });
    const made = await attemptsOf(id);
    expect(made.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    for (const attempt of made) {
      expect(attempt).toMatchObject({ statusCode: 500, responseBody: "oops", error: "http: answered with 500" });
      expect(attempt.latencyMs).toBeGreaterThanOrEqual(0);
    }
    const requests = at(path);
    expect(requests).toHaveLength(11);
    expect(new Set(requests.map((request) => request.id))).toEqual(new Set([id]));
    expect(new Set(requests.map((request) => request.body))).toEqual(new Set([body]));
  });

  it("that works at the third try is delivered and left alone", async () => {
    const { id, path } = await newDelivery();
    receiver.behave(() => ({ status: at(path).length < 3 ? 503 : 200 }), path);
    for (let i = 0; i < 5; i++) {
      await deliver();
      if ((await stateOf(id)).status === "pending") await makeDue(id);
    }
    expect((await attemptsOf(id)).map(({ statusCode }) => statusCode)).toEqual([503, 503, 200]);
    expect(await stateOf(id)).toMatchObject({ status: "delivered", attemptsMade: 3 });
  });

  it("waits as long as Retry-After asks, and from the second retry on no less than its schedule", async () => {
    const [later, sooner] = [await newDelivery(), await newDelivery()];
    receiver.behave({ status: 503, retryAfter: 600 }, later.path);
    receiver.behave({ status: 429, retryAfter: 1 }, sooner.path);
    await deliver();
    const pause = await pauseOf(later.id, 1);
    expect(pause).toBeGreaterThanOrEqual(600);
    expect(pause).toBeLessThan(603);
    expect(await pauseOf(sooner.id, 1)).toBeLessThan(4);
    await makeDue(sooner.id);
    await deliver();
    expect(await pauseOf(sooner.id, 2)).toBeGreaterThanOrEqual(48);
  });

  it("ends at once with 410 Gone", async () => {
    const { id, path } = await newDelivery();
    receiver.behave({ status: 410 }, path);
    await deliver();
    expect(await stateOf(id)).toMatchObject({ status: "failed", attemptsMade: 1, nextAttemptAt: null });
  });

  it("is not redirected: that is a failure, and nothing goes to the other address", async () => {
    const [{ id, path }, target] = [await newDelivery(), `/target-${next}`];
    receiver.behave({ redirectTo: receiver.url + target }, path);
    await deliver();
    expect(at(target)).toHaveLength(0);
    expect(await attemptsOf(id)).toMatchObject([{ statusCode: 302, error: "redirect: 302 is not followed" }]);
    expect((await stateOf(id)).status).toBe("pending");
  });

  it("to a receiver that hangs up or is not there is recorded with the error and tried again", async () => {
    const [hangsUp, absent] = [await newDelivery(), await newDelivery(shop, { callbackUrl: "http://127.0.0.1:1/" })];
    receiver.behave({ closeSocket: true }, hangsUp.path);
    await deliver();
    expect(await attemptsOf(hangsUp.id)).toMatchObject([
      { number: 1, statusCode: null, error: expect.stringMatching(/^reset:/) },
    ]);
    expect(await attemptsOf(absent.id)).toMatchObject([
      { number: 1, statusCode: null, error: expect.stringMatching(/^refused:/) },
    ]);
    for (const { id } of [hangsUp, absent]) expect((await stateOf(id)).status).toBe("pending");
  });

  it("keeps the first 2 KB of the answer, and what PostgreSQL cannot hold does not lose the attempt", async () => {
    const [long, odd] = [await newDelivery(), await newDelivery()];
    receiver.behave({ status: 500, bodyBytes: 100_000 }, long.path);
    receiver.behave({ status: 500, body: "a\0b\uFFFD" }, odd.path);
    await deliver();
    expect((await attemptsOf(long.id))[0]?.responseBody).toBe("x".repeat(2048));
    expect((await attemptsOf(odd.id))[0]).toMatchObject({
      number: 1,
      statusCode: 500,
      responseBody: expect.stringMatching(/^ab/),
    });
  });

  it("goes to the merchant's default URL when the invoice has none, and nowhere when neither is set", async () => {
    const merchant = await newShop();
    const none = await newDelivery(merchant, { callbackUrl: null });
    expect(none.id).toBe("");
    await changeWebhookUrl(merchant.id, `${receiver.url}/default`, "test");
    const some = await newDelivery(merchant, { callbackUrl: null });
    await deliver();
    expect(at("/default").map((request) => request.id)).toEqual([some.id]);
    const told = await db().select().from(events).where(eq(events.merchantId, merchant.id));
    expect(told).toHaveLength(2);
  });
});

describe("a delivery that is sent again by hand", () => {
  it("keeps its id and bytes, continues its attempts' numbers and has a new round of retries", async () => {
    const { id, path, body } = await newDelivery();
    receiver.behave({ status: 410 }, path);
    await deliver();
    expect(await resendDelivery(id, "test")).toEqual({ deliveryId: id, status: "pending" });
    receiver.behave({ status: 500 }, path);
    await deliver();
    expect(await stateOf(id)).toMatchObject({ status: "pending", attemptsMade: 1 });
    expect(await pauseOf(id, 2)).toBeLessThanOrEqual(38);
    receiver.behave({ status: 200 }, path);
    await resendDelivery(id, "test");
    await deliver();
    expect((await attemptsOf(id)).map(({ number, statusCode }) => [number, statusCode])).toEqual([
      [1, 410],
      [2, 500],
      [3, 200],
    ]);
    expect(await stateOf(id)).toMatchObject({ status: "delivered" });
    expect(new Set(at(path).map((request) => `${request.id} ${request.body}`))).toEqual(new Set([`${id} ${body}`]));
  });

  it("may have been delivered already; one that never was is not there", async () => {
    const { id, path } = await newDelivery();
    await deliver();
    await resendDelivery(id, "test");
    await deliver();
    expect(at(path)).toHaveLength(2);
    await expect(resendDelivery(randomUUID(), "test")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("several deliverers", () => {
  it("that look at the same moment send each delivery once", async () => {
    const all = [];
    for (let i = 0; i < 20; i++) all.push(await newDelivery());
    const others = Array.from({ length: 4 }, () => new Deliverer(randomUUID()));
    const started = await Promise.all(others.map((other) => deliver(other)));
    expect(started.reduce((sum, n) => sum + n, 0)).toBe(20);
    for (const { path, id } of all) {
      expect(at(path)).toHaveLength(1);
      expect(await attemptsOf(id)).toHaveLength(1);
    }
  });

  it("leave alone what another one is sending, take it over when that one's lease is over, and one attempt is not two", async () => {
    const { id, path } = await newDelivery();
    receiver.behave(() => (at(path).length === 1 ? { hang: true } : {}), path);
    const dies = new Deliverer(randomUUID());
    hanging.push(dies);
    expect(await dies.tick(() => {})).toBe(1);
    await receiver.waitFor((request) => request.path === path);
    expect(await deliver()).toBe(0);

    const until = (await stateOf(id)).leaseUntil?.getTime() ?? 0;
    expect(until - Date.now()).toBeLessThanOrEqual(LEASE_SECONDS * 1000 + 100);
    const endLease = () =>
      db().update(deliveries).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(deliveries.id, id));
    await endLease();
    // One that is alive keeps its lease.
    await dies.renew();
    expect(await deliver()).toBe(0);

    await endLease();
    expect(await deliver()).toBe(1);
    expect(at(path).map((request) => request.id)).toEqual([id, id]);
    expect(await stateOf(id)).toMatchObject({ status: "delivered", attemptsMade: 1 });
    expect(await attemptsOf(id)).toHaveLength(1);
  });
});

describe("two attempts of one delivery at once, as after a lost lease", () => {
  const answered = (deliveryId: string, statusCode: number) => {
    const outcome = { statusCode, responseBody: "", latencyMs: 1, error: null };
    const status = statusCode === 200 ? ("delivered" as const) : ("failed" as const);
    return recordAttempts(db(), [{ deliveryId, startedAt: new Date(), ...outcome }], () => {
      return { status, nextAttemptAt: null };
    });
  };

  it.each([
    [410, 200],
    [200, 410],
  ])("are both recorded, and it is delivered where either was: %s, then %s", async (first, second) => {
    const { id } = await newDelivery();
    await answered(id, first);
    await answered(id, second);
    expect(await attemptsOf(id)).toHaveLength(2);
    expect(await stateOf(id)).toMatchObject({ status: "delivered", nextAttemptAt: null });
  });
});

describe("a slow receiver", () => {
  it("of one merchant does not hold up another merchant's webhooks, nor take more than its share", async () => {
    const [slow, quick] = [await newShop(), await newShop()];
    for (let i = 0; i < 25; i++) receiver.behave({ hang: true }, (await newDelivery(slow)).path);
    const other = await newDelivery(quick);
    const before = receiver.requests.length;
    const mine = new Deliverer(randomUUID());
    hanging.push(mine);
    await mine.tick(() => {});
    await receiver.waitFor((request) => request.path === other.path);
    // Its share is 20, whatever is asked next.
    expect(await mine.tick(() => {})).toBe(0);
    await receiver.waitFor((_request, all) => all.length - before >= 21);
    expect(receiver.requests.length - before).toBe(21);
  });
});

describe("fairness", () => {
  /** Ticks as the engine does: whenever an attempt ended, and often enough without. */
  async function runUntil(mine: Deliverer, done: () => boolean, ms = 20_000): Promise<void> {
    for (const deadline = Date.now() + ms; !done(); await new Promise((resolve) => setTimeout(resolve, 20))) {
      if (Date.now() > deadline) throw new Error("not in time");
      await mine.tick(() => {});
    }
  }
  async function due(merchant: TestMerchant, walletId: string, path: string, count: number): Promise<void> {
    await db().execute(sql.raw(manyDeliveries(merchant.id, walletId, receiver.url + path, count)));
  }
  async function shopWith(path: string, count: number) {
    const merchant = await createTestMerchant();
    const wallet = await merchant.addWallet("ethereum");
    await due(merchant, wallet.id, path, count);
    return { merchant, walletId: wallet.id };
  }

  it("thirty merchants whose receivers hang, with more due than may be on their way, delay another's webhook by no second", async () => {
    receiver.behave({ hang: true }, "/hangs");
    for (let i = 0; i < 30; i++) await shopWith("/hangs", 30);
    const quick = await shopWith("/warm", 1);
    const mine = new Deliverer(randomUUID());
    hanging.push(mine);
    await runUntil(mine, () => at("/warm").length === 1 && at("/hangs").length >= 600);
    for (let i = 1; i <= 3; i++) {
      const begun = Date.now();
      await due(quick.merchant, quick.walletId, `/quick-${i}`, 1);
      await runUntil(mine, () => at(`/quick-${i}`).length === 1);
      expect((at(`/quick-${i}`)[0]?.receivedAtMs ?? 0) - begun).toBeLessThan(1_000);
    }
    // None of them got more than its share.
    expect(at("/hangs")).toHaveLength(600);
  });

  it("a merchant with a thousand due is not served before one that has a single one, due after them", async () => {
    await shopWith("/many", 1_000);
    await shopWith("/single", 1);
    const mine = new Deliverer(randomUUID());
    await runUntil(mine, () => at("/single").length === 1);
    expect(at("/many").length).toBeLessThan(200);
    await runUntil(mine, () => at("/many").length === 1_000);
    await mine.drain(10_000);
    expect(new Set(at("/many").map((request) => request.id)).size).toBe(1_000);
    const [left] = await db().execute(sql`select count(*)::int as left from deliveries where status = 'pending'`);
    expect(left?.left).toBe(0);
    const [made] = await db().execute(sql`select count(*)::int as made, max(number) as highest from attempts a
      join deliveries d on d.id = a.delivery_id where d.url = ${`${receiver.url}/many`}`);
    expect(made).toEqual({ made: 1_000, highest: 1 });
  });
});

describe("a target that is not public", () => {
  afterEach(() => {
    process.env.WEBHOOK_ALLOW_CIDRS = "127.0.0.0/8";
    resetEnv();
  });

  it("is not connected to without WEBHOOK_ALLOW_CIDRS; the attempt says so and it is tried again", async () => {
    const direct = await newDelivery();
    const named = await newDelivery(shop, { callbackUrl: `${receiver.url.replace("127.0.0.1", "localhost")}/named` });
    const decimal = await newDelivery(shop, {
      callbackUrl: `${receiver.url.replace("127.0.0.1", "2130706433")}/decimal`,
    });
    const metadata = await newDelivery(shop, { callbackUrl: "http://169.254.169.254/latest/meta-data" });
    process.env.WEBHOOK_ALLOW_CIDRS = "";
    resetEnv();
    const before = receiver.requests.length;
    await deliver();
    expect(receiver.requests).toHaveLength(before);
    for (const { id } of [direct, named, decimal, metadata]) {
      expect(await attemptsOf(id)).toMatchObject([
        { number: 1, statusCode: null, responseBody: null, error: expect.stringMatching(/^blocked: /) },
      ]);
      expect(await stateOf(id)).toMatchObject({ status: "pending", attemptsMade: 1 });
    }
  });
});

describe("a rotated secret", () => {
  const keyOf = (secret: string) => Buffer.from(secret.slice("whsec_".length), "base64");

  it("signs at once, and during the grace period webhook-signature carries the old one's signature too", async () => {
    const merchant = await newShop();
    const { webhookSecret } = await rotateWebhookSecret(merchant.id, { grace: 3600 }, "test");
    const { id, path, body } = await newDelivery(merchant);
    await deliver();
    const headers = at(path)[0]?.headers ?? {};
    const v1 = (secret: string) =>
      `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${headers["webhook-timestamp"]}.${body}`).digest("base64")}`;
    expect(headers["webhook-signature"]).toBe(`${v1(webhookSecret)} ${v1(merchant.webhookSecret)}`);
    expect(headers["x-webhook-signature"]).toBe(createHmac("sha256", webhookSecret).update(body).digest("hex"));
  });

  it.each(["without a grace period", "after it"])("%s leaves the old one without a signature", async (when) => {
    const merchant = await newShop();
    await rotateWebhookSecret(merchant.id, { grace: when === "after it" ? 3600 : 0 }, "test");
    const past = sql`update merchants set previous_webhook_secret_until = now() - interval '1 second'
      where id = ${merchant.id}::uuid and previous_webhook_secret is not null`;
    if (when === "after it") await db().execute(past);
    const { path } = await newDelivery(merchant);
    await deliver();
    expect(String(at(path)[0]?.headers["webhook-signature"]).split(" ")).toHaveLength(1);
  });
});
