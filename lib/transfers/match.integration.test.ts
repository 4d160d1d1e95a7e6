import { randomBytes } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import {
  findCandidates,
  insertPayments,
  liveTransfersAbove,
  lockPayable,
  orphanTransfers,
  storeTransfers,
} from "@/db/queries/transfers";
import { invoices, payments, transfers } from "@/db/schema";
import { createTestMerchant, useTestApi } from "@/e2e/api";
import { addressKeyOf } from "@/lib/chains/address";
import { networkSpec } from "@/lib/chains/networks";
import type { VerifiedTransfer } from "@/lib/chains/types";
import { sleep } from "@/lib/clock";
import { CLOCK_SKEW_SECONDS, matchTransfers } from "./match";
import { toRows } from "./rows";

/** Matching by itself: transfers are stored as a scanner stores them, and no node is asked for anything. */
useTestApi({ ETHEREUM_RPC_URLS: "http://127.0.0.1:1", TRON_RPC_URLS: "", BSC_RPC_URLS: "" });

const OPENED = new Date("2024-01-15T12:00:00Z");
const PAID = new Date("2024-01-15T12:10:00Z");
const DUE = new Date("2024-01-15T13:00:00Z");
/** Long after, as the chain counts: what is not matched by now is given up. */
const LATER = new Date("2024-01-16T12:00:00Z");
const hex = (bytes: number) => `0x${randomBytes(bytes).toString("hex")}`;

let wallet: { id: string; merchantId: string; address: string };
beforeEach(async () => {
  await db().execute(sql`truncate payments, transfers, unmatched_transfers, invoices cascade`);
  const merchant = await createTestMerchant();
  wallet = await merchant.addWallet("ethereum");
});

/** Invoices of 0.0001 USDT, 0.0002 and so on. */
const openInvoices = (number: number) =>
  db().execute(sql`
    insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path,
      amount_requested, amount, created_at, expires_at)
    select gen_random_uuid(), ${wallet.merchantId}::uuid, 'live', ${wallet.id}::uuid, 'ethereum', ${wallet.address},
      'ref-' || i, gen_random_uuid()::text, i, i, ${OPENED.toISOString()}::timestamptz, ${DUE.toISOString()}::timestamptz
    from generate_series(1, ${number}::int) i`);

const transferOf = (units: number, change: Partial<VerifiedTransfer> = {}): VerifiedTransfer => ({
  txHash: hex(32),
  ordinal: 0,
  blockNumber: 1000,
  blockHash: hex(32),
  blockTime: PAID,
  logIndex: units,
  from: hex(20),
  to: addressKeyOf("ethereum", wallet.address),
  value: BigInt(units) * 100n,
  succeeded: true,
  ...change,
});
const store = (found: VerifiedTransfer[]) => storeTransfers(db(), toRows(networkSpec("ethereum"), found));
const match = () => matchTransfers("ethereum", "live", LATER);
const count = async (what: typeof payments | typeof transfers) => await db().$count(what);

describe("matching", () => {
  it("gives up nothing that stands behind what another matcher joined at the same moment", async () => {
    await openInvoices(1_500);
    await store(Array.from({ length: 1_500 }, (_, i) => transferOf(i + 1)));
    let second: Promise<number> | undefined;
    await db().transaction(async (tx) => {
      const first = await findCandidates(tx, "ethereum", "live", CLOCK_SKEW_SECONDS, 1_000);
      await lockPayable(
        tx,
        first.map((pair) => pair.invoiceId),
      );
      expect(await insertPayments(tx, first)).toHaveLength(1_000);
      second = match();
      await someoneWaits();
    });
    // Everything that it found was the other's.
    expect(await second).toBe(0);
    await match();
    expect(await count(payments)).toBe(1_500);
  });

  it("gives up any number of transfers that pay nothing", async () => {
    const found = Array.from({ length: 25_000 }, (_, i) => transferOf(i + 1));
    expect(await store(found)).toBe(25_000);
    for (let i = 0; i < 3; i++) await match();
    expect(await db().$count(transfers, sql`matched_at is null`)).toBe(0);
  });

  it("lets the second of two payments pay when the first has left the chain, however late", async () => {
    await openInvoices(1);
    const [second, first] = [transferOf(1, { blockNumber: 999 }), transferOf(1, { blockNumber: 1001 })];
    await store([first]);
    expect(await match()).toBe(1);
    // Left out at first, and found by a second look: a duplicate.
    await store([second]);
    expect(await match()).toBe(0);
    await db().transaction((tx) => orphanTransfers(tx, liveTransfersAbove("ethereum", 1000), CLOCK_SKEW_SECONDS));
    expect(await match()).toBe(1);
    const [paid] = await db()
      .select({ txHash: transfers.txHash })
      .from(payments)
      .innerJoin(transfers, eq(transfers.id, payments.transferId));
    expect(paid?.txHash).toBe(second.txHash);
  });

  it("goes by what a transfer is in its new block, where a contract decided otherwise there", async () => {
    await openInvoices(2);
    const other = await createTestMerchant();
    const theirs = await other.addWallet("ethereum");
    const before = transferOf(1);
    await store([before]);
    expect(await match()).toBe(1);
    await db().transaction((tx) => orphanTransfers(tx, liveTransfersAbove("ethereum", 999), CLOCK_SKEW_SECONDS));
    const unmatchedOf = () =>
      db().execute(sql`select merchant_id from unmatched_transfers order by merchant_id`) as Promise<unknown>;

    // The same transaction and place: another amount.
    await store([{ ...before, blockHash: hex(32), blockNumber: 1001, value: 200n }]);
    expect(await match()).toBe(1);
    const [paid] = await db()
      .select({ amount: invoices.amount })
      .from(payments)
      .innerJoin(invoices, eq(invoices.id, payments.invoiceId));
    expect(paid?.amount).toBe(2n);
    expect(await unmatchedOf()).toEqual([]);

    // And then to somebody else's wallet.
    await db().transaction((tx) => orphanTransfers(tx, liveTransfersAbove("ethereum", 999), CLOCK_SKEW_SECONDS));
    expect(await unmatchedOf()).toEqual([{ merchant_id: wallet.merchantId }]);
    const to = addressKeyOf("ethereum", theirs.address);
    await store([{ ...before, blockHash: hex(32), blockNumber: 1002, to }]);
    expect(await match()).toBe(0);
    expect(await count(payments)).toBe(0);
    expect(await unmatchedOf()).toEqual([{ merchant_id: theirs.merchantId }]);
  });
});

describe("undoing a reorg", () => {
  it("tells of an invoice that was confirmed by hand while the transfer was being orphaned", async () => {
    await openInvoices(1);
    await store([transferOf(7)]);
    await match();
    const [invoice] = await db().select().from(invoices);
    const [transfer] = await db().select().from(transfers);
    if (!invoice || !transfer) throw new Error("nothing to accept");
    let undone: ReturnType<typeof orphanTransfers> | undefined;
    await db().transaction(async (tx) => {
      // As accepting it does: the transfer is locked, then the payment is made and the invoice confirmed.
      await tx.select().from(transfers).where(eq(transfers.id, transfer.id)).for("update");
      undone = db().transaction((other) =>
        orphanTransfers(other, liveTransfersAbove("ethereum", 999), CLOCK_SKEW_SECONDS),
      );
      await someoneWaits();
      const { id: transferId } = transfer;
      const { id: invoiceId, merchantId } = invoice;
      const confirmed = { resolution: "manual" as const, confirmedAt: new Date(), confirmations: 12 };
      await tx.insert(payments).values({ transferId, invoiceId, merchantId, ...confirmed });
    });
    const { merchantId } = wallet;
    const told = { merchantId, invoiceId: invoice.id, transferId: transfer.id };
    expect(await undone).toEqual({ orphaned: 1, afterConfirmation: [told] });
  });
});

/** Until a transaction of this database waits for another one's lock. */
async function someoneWaits(): Promise<void> {
  for (;;) {
    const [row] = await db().execute<{ waiting: number }>(sql`
      select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    if (row?.waiting) return;
    await sleep(10);
  }
}
