import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { listWaitingDeliveries } from "@/db/queries/deliveries";
import { listJobRuns } from "@/db/queries/job-runs";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { deliverOne } from "@/lib/webhooks/deliver";
import type { Job } from "./jobs";
import { listForgottenDeliveries, listNewDeliveries, takeTurn } from "./turns";

const call = useTestApi({ WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });

const job = (run: Job["run"]): Job => ({ name: `job ${randomUUID()}`, everyMs: 1_000, run });
const runOf = async (name: string) => (await listJobRuns(db())).find((row) => row.name === name);

describe("a turn of a job", () => {
  it("goes on until nothing is left, gives its lease back, and is recorded for health", async () => {
    let left = 3;
    let released = 0;
    const worker: Job = {
      ...job(async () => --left > 0),
      stop: async () => {
        released++;
      },
    };
    expect(await takeTurn(worker)).toMatchObject({ more: false });
    expect([left, released]).toEqual([0, 1]);
    expect(await runOf(worker.name)).toMatchObject({ error: null });
  });

  it("that fails never throws: the reason is recorded, and a good one clears it", async () => {
    let broken = true;
    const worker = job(async () => {
      if (broken) throw new Error("the node burns");
      return false;
    });
    expect(await takeTurn(worker)).toMatchObject({ more: false });
    expect(await runOf(worker.name)).toMatchObject({ error: "the node burns" });
    broken = false;
    await takeTurn(worker);
    expect(await runOf(worker.name)).toMatchObject({ error: null });
  });

  it("does not begin while another of the same job runs in this process", async () => {
    let finish = () => {};
    let runs = 0;
    const worker = job(async () => {
      runs++;
      await new Promise<void>((done) => {
        finish = done;
      });
      return false;
    });
    const first = takeTurn(worker);
    expect(await takeTurn(worker)).toMatchObject({ more: false });
    expect(runs).toBe(1);
    finish();
    await first;
  });
});

describe("deliveries that wait for a run", () => {
  let merchant: TestMerchant;
  let receiver: Receiver;
  beforeAll(async () => {
    [merchant, receiver] = await Promise.all([createTestMerchant(), startReceiver()]);
    await merchant.addWallet("ethereum");
    return () => receiver.close();
  });

  /** The delivery of a cancelled invoice. */
  async function newDelivery(): Promise<string> {
    const { testKey: key } = merchant;
    const body = { amountUsdt: "5", assetCode: "USDT_ERC20", callbackUrl: `${receiver.url}/hook` };
    const { id } = (await call("POST", "/invoices", { key, body })).body;
    expect((await call("POST", `/invoices/${id}/cancel`, { key })).status).toBe(200);
    const [row] = await db().execute<{ id: string }>(sql`
      select d.id from deliveries d join events e on e.id = d.event_id where e.invoice_id = ${id as string}::uuid`);
    return row?.id ?? "";
  }

  const make = (id: string, overdueSeconds: number) =>
    db().execute(
      sql`update deliveries set next_attempt_at = now() - make_interval(secs => ${overdueSeconds}::int) where id = ${id}::uuid`,
    );
  const keysOf = (starts: { deliveryId: string; key: string }[], id: string) =>
    starts.filter((start) => start.deliveryId === id).map((start) => start.key);

  it("are found at once when they are new, and by the sweep when they are overdue", async () => {
    const id = await newDelivery();
    expect(keysOf(await listNewDeliveries(), id)).toHaveLength(1);
    expect(keysOf(await listForgottenDeliveries(), id)).toEqual([]);
    await make(id, 16);
    expect(keysOf(await listForgottenDeliveries(), id)).toHaveLength(1);
  });

  it("are started again under one key for a while, then under another: never over and over, never for the last time", async () => {
    const id = await newDelivery();
    await make(id, 16);
    const first = keysOf(await listForgottenDeliveries(), id);
    expect(keysOf(await listForgottenDeliveries(Date.now() + 10_000), id)).toEqual(first);
    const later = keysOf(await listForgottenDeliveries(Date.now() + 20_000), id);
    expect(later).not.toEqual(first);
    expect(keysOf(await listForgottenDeliveries(Date.now() + 40_000), id)).toEqual(later);
    expect(keysOf(await listForgottenDeliveries(Date.now() + 3_600_000), id)).not.toEqual(later);
  });

  it("do not hide those of another merchant, however many one has", async () => {
    const id = await newDelivery();
    const other = await createTestMerchant();
    await db().execute(sql`update deliveries set next_attempt_at = now() - interval '1 minute' where id = ${id}::uuid`);
    // Two, both of them older.
    await db().execute(sql`
      with made as (
        insert into events (id, merchant_id, mode, invoice_id, type)
        select gen_random_uuid(), ${other.id}::uuid, 'test', (select id from invoices order by id desc limit 1), type
        from unnest(array['invoice.confirmed', 'invoice.expired']) as type returning id, merchant_id
      )
      insert into deliveries (id, event_id, merchant_id, mode, url, body, next_attempt_at)
      select gen_random_uuid(), id, merchant_id, 'test', 'http://127.0.0.1/x', '{}', now() - interval '1 hour' from made`);
    const options = { overdueSeconds: 15, firstAttempts: false, limit: 2 };
    const found = await listWaitingDeliveries(db(), { ...options, perMerchant: 1 });
    expect(found.map((delivery) => delivery.merchantId)).toEqual([other.id, merchant.id]);
    const hidden = await listWaitingDeliveries(db(), { ...options, perMerchant: 10 });
    expect(hidden.map((delivery) => delivery.merchantId)).toEqual([other.id, other.id]);
  });

  it("are sent once, however many runs there are of them", async () => {
    const id = await newDelivery();
    const before = receiver.requests.length;
    const results = await Promise.all(Array.from({ length: 8 }, () => deliverOne(id)));
    expect(receiver.requests.length - before).toBe(1);
    // Those that came second are told to look again when the first one's lease would be over.
    expect(results.filter((next) => next === null).length).toBeGreaterThanOrEqual(1);
    expect(await deliverOne(id)).toBeNull();
  });

  it("that failed are due when their row says, and are left alone until then", async () => {
    const id = await newDelivery();
    receiver.behave({ status: 500 });
    const next = await deliverOne(id);
    receiver.behave({});
    const seconds = ((next?.getTime() ?? 0) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(22);
    expect(seconds).toBeLessThan(37);
    const before = receiver.requests.length;
    expect(await deliverOne(id)).toEqual(next);
    expect(receiver.requests.length).toBe(before);
  });
});
