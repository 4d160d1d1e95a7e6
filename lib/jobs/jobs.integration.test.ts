import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { v7 } from "uuid";
import { describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { countApiLogs } from "@/db/queries/api-logs";
import { amountSlots, apiLogs, attempts, deliveries, events, idempotencyKeys } from "@/db/schema";
import { createTestMerchant, useTestApi } from "@/e2e/api";
import { createJobs } from "./jobs";

const api = useTestApi();

const job = (name: string) => {
  const found = createJobs(randomUUID()).find((entry) => entry.name === name);
  if (!found) throw new Error(`no job ${name}`);
  return found;
};

const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS);
const idFrom = (days: number) => v7({ msecs: ago(days).getTime() });

describe("pruning", () => {
  it("forgets API logs after 30 days and stored responses after 24 hours, and nothing younger", async () => {
    const { id: merchantId } = await createTestMerchant();
    const entry = (path: string, ageDays: number) => ({
      id: idFrom(ageDays),
      merchantId,
      mode: "test" as const,
      requestId: randomUUID(),
      method: "GET",
      path,
      statusCode: 200,
      durationMs: 1,
      createdAt: ago(ageDays),
    });
    await db()
      .insert(apiLogs)
      .values([entry("/young", 29.9), entry("/old", 30.1)]);
    const stored = (key: string, hours: number) => ({
      merchantId,
      mode: "test" as const,
      key,
      fingerprint: "f",
      statusCode: 201,
      responseBody: "{}",
      createdAt: ago(hours / 24),
    });
    await db()
      .insert(idempotencyKeys)
      .values([stored("young", 23.9), stored("old", 24.1)]);
    await job("prune").run();
    expect((await db().select().from(apiLogs)).map((row) => row.path)).toEqual(["/young"]);
    expect(await countApiLogs(db(), { merchantId, mode: "test" })).toBe(1);
    expect((await db().select().from(idempotencyKeys)).map((row) => row.key)).toEqual(["young"]);
  });

  it("forgets what was delivered, with its attempts, 90 days after it was over; never its event, nor what is still pending", async () => {
    const merchant = await createTestMerchant();
    const wallet = await merchant.addWallet("ethereum");
    const delivery = async (
      name: string,
      ageDays: number,
      over: { status: "delivered" | "failed"; days: number } | null,
    ) => {
      const invoice = await api("POST", "/invoices", {
        key: merchant.testKey,
        body: { amountUsdt: "1", walletId: wallet.id, reference: name },
      });
      const eventId = idFrom(ageDays);
      const id = idFrom(ageDays);
      const owned = { merchantId: merchant.id, mode: "test" as const };
      const invoiceId = String(invoice.body.id);
      await db()
        .insert(events)
        .values({ id: eventId, ...owned, invoiceId, type: "invoice.expired" });
      await db()
        .insert(deliveries)
        .values({
          id,
          eventId,
          ...owned,
          url: "http://127.0.0.1:1/",
          body: name,
          status: over?.status ?? "pending",
          nextAttemptAt: over ? null : ago(-1),
          completedAt: over ? ago(over.days) : null,
        });
      await db()
        .insert(attempts)
        .values({ deliveryId: id, number: 1, startedAt: ago(ageDays), latencyMs: 1 });
    };
    await delivery("old", 91, { status: "delivered", days: 90.9 });
    await delivery("given-up", 92, { status: "failed", days: 91 });
    await delivery("sent-again", 120, { status: "delivered", days: 2 });
    await delivery("waiting", 100, null);
    await delivery("young", 89, { status: "delivered", days: 89 });
    await job("prune").run();
    const left = (await db().select().from(deliveries)).map((row) => row.body).sort();
    expect(left).toEqual(["sent-again", "waiting", "young"]);
    expect(await db().select().from(attempts)).toHaveLength(3);
    expect(await db().select().from(events)).toHaveLength(5);
  });

  it("frees amounts that nobody holds, and no other", async () => {
    const slot = (amount: bigint, heldUntil: Date) => ({
      walletId: randomUUID(),
      mode: "test" as const,
      amount,
      heldUntil,
    });
    await db().delete(amountSlots);
    await db()
      .insert(amountSlots)
      .values([slot(1n, ago(1)), slot(2n, ago(-0.01)), slot(3n, ago(0.01))]);
    await job("prune").run();
    expect((await db().select().from(amountSlots)).map((row) => row.amount).sort()).toEqual([2n, 3n]);
  });

  it("goes on while there is more, and never takes what is new while it does", async () => {
    const rows = sql`select gen_random_uuid(), 'test', n, now() - interval '2 hours' from generate_series(1, 12000) n`;
    await db().execute(sql`insert into amount_slots (wallet_id, mode, amount, held_until) ${rows}`);
    expect(await job("prune").run()).toBe(true);
    while (await job("prune").run());
    const [row] = await db().execute(
      sql`select count(*)::int as left from amount_slots where held_until < now() - interval '1 hour'`,
    );
    expect(row?.left).toBe(0);
  });
});

it("every job may run twice at once without harm", async () => {
  const jobs = [...createJobs(randomUUID()), ...createJobs(randomUUID())];
  await Promise.all(jobs.map((each) => each.run()));
  const waiting = await db().execute(sql`select 1 from pg_locks where not granted`);
  expect(waiting).toHaveLength(0);
});
