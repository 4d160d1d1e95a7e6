import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { foldTallyChanges } from "@/db/queries/invoice-tallies";
import { findMerchant } from "@/db/queries/merchants";
import { createTestMerchant, type TestMerchant, useTestApi } from "@/e2e/api";
import { runSandboxOnce } from "@/e2e/sandbox";
import { addDays, dayOf, startOfDay } from "@/lib/time-zone";
import { getOverview, type Range } from "./overview";

const callApi = useTestApi();
let shop: TestMerchant;

async function overview(range: Range, timeZone = "UTC", mode: "test" | "live" = "test") {
  const merchant = await findMerchant(db(), shop.id);
  if (!merchant) throw new Error("no merchant");
  return await getOverview({ ...merchant, timeZone }, mode, range);
}
async function create(amountUsdt: string, fields: Record<string, unknown> = {}): Promise<string> {
  const answer = await callApi("POST", "/invoices", { key: shop.testKey, body: { amountUsdt, ...fields } });
  expect(answer.status, answer.text).toBe(201);
  return String(answer.body.id);
}
const simulate = (invoiceId: string, scenario: string) =>
  callApi("POST", "/sandbox/simulate-payment", { key: shop.testKey, body: { invoiceId, scenario } });
/** Puts an invoice at another time, with what the tallies would have counted then. */
async function move(id: string, to: Date) {
  const at = to.toISOString();
  await db().execute(sql`
    insert into invoice_tally_changes select merchant_id, mode, network, status, date_trunc('hour', created_at), -1, -amount
    from invoices where id = ${id}`);
  await db().execute(
    sql`update invoices set created_at = ${at}::timestamptz, expires_at = ${at}::timestamptz + interval '30 minutes' where id = ${id}`,
  );
  await db().execute(sql`
    insert into invoice_tally_changes select merchant_id, mode, network, status, date_trunc('hour', created_at), 1, amount
    from invoices where id = ${id}`);
}

beforeAll(async () => {
  shop = await createTestMerchant();
});

describe("the overview", () => {
  it("is empty for a new merchant, and says what is missing", async () => {
    const empty = await overview("30d");
    expect(empty.buckets).toHaveLength(30);
    expect(empty.totals).toMatchObject({ created: 0, confirmed: 0, volumeUsdt: "0.0000" });
    expect(empty).toMatchObject({ paidPercent: null, medianSecondsToPay: null, attention: [{ kind: "no_wallet" }] });
  });

  it("counts what came in, and puts first what needs somebody", async () => {
    await shop.addWallet("ethereum");
    const paid = await create("100");
    const under = await create("50");
    await create("7");
    await simulate(paid, "exact");
    await simulate(under, "underpaid");
    await runSandboxOnce();
    for (const range of ["24h", "7d", "30d", "90d"] as const) {
      const seen = await overview(range);
      expect(seen.totals).toMatchObject({ created: 3, confirmed: 1, pending: 2, volumeUsdt: "100.0000" });
      expect(seen.buckets.at(-1)).toMatchObject({ created: 3, confirmed: 1, volumeUsdt: { ethereum: "100.0000" } });
      expect(seen.byNetwork).toMatchObject([{ network: "ethereum", created: 3, confirmed: 1, volumeUsdt: "100.0000" }]);
      expect(seen.paidPercent).toBe(100);
      expect(seen.medianSecondsToPay).toMatchObject({ of: 1 });
      expect(seen.attention.map((item) => item.kind)).toEqual(["unmatched", "no_webhook_url"]);
    }
    expect((await overview("24h", "UTC", "live")).totals.created).toBe(0);
    expect((await overview("24h", "UTC", "live")).attention).toEqual([]);
  });

  it("counts by UTC's hours on a server whose zone begins them at half past", async () => {
    const id = await create("31");
    const [row] = await db().transaction(async (tx) => {
      await tx.execute(sql`set local timezone = 'Asia/Kolkata'`);
      await tx.execute(sql`update invoices set status = 'cancelled', cancelled_at = now() where id = ${id}::uuid`);
      return await tx.execute<{ minute: number }>(sql`
        select distinct extract(minute from hour at time zone 'UTC')::int as minute from invoice_tally_changes
        where status = 'cancelled' and volume = 310000`);
    });
    expect(row?.minute).toBe(0);
  });

  it("says when the places around an amount run low", async () => {
    await db().execute(sql`update merchants set adjustment_limit = 50 where id = ${shop.id}`);
    for (let i = 0; i < 42; i++) await create("10");
    const seen = await overview("24h");
    expect(seen.attention).toContainEqual(
      expect.objectContaining({ kind: "slots", network: "ethereum", amountUsdt: "10.0000", taken: 42, places: 51 }),
    );
  });

  it.each(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland"])(
    "keeps to the days of %s, to the millisecond, folded or not",
    async (zone) => {
      const yesterday = addDays(dayOf(new Date(), zone), -1);
      const start = startOfDay(yesterday, zone) as Date;
      const before = await overview("7d", zone);
      const counts = (seen: Awaited<ReturnType<typeof overview>>) =>
        seen.buckets.slice(-3).map((bucket) => bucket.created);
      await move(await create("200"), start);
      await move(await create("201"), new Date(start.getTime() - 1));
      const after = await overview("7d", zone);
      const [day0 = 0, day1 = 0, day2 = 0] = counts(before);
      expect(counts(after)).toEqual([day0 + 1, day1 + 1, day2]);
      await foldTallyChanges(db());
      expect(await overview("7d", zone)).toEqual(
        expect.objectContaining({ buckets: after.buckets, totals: after.totals }),
      );
    },
  );
});
