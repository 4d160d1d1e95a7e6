import { and, asc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { deliveries, events, invoices, merchants, payments, transfers } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";
import type { Invoice } from "./invoices";
import type { Transfer } from "./transfers";

/** An invoice to decide about, locked, with the transfer that pays it. */
export type Settleable = { invoice: Invoice; transfer: Transfer | null };

/** A payment that is deep enough to be confirmed, with the transfer it rests on. */
export type DeepPayment = { invoiceId: string } & Pick<
  Transfer,
  "id" | "txHash" | "ordinal" | "blockNumber" | "blockHash" | "toAddressKey" | "value"
>;

/** Payments not confirmed yet whose transfer stands at `deepestBlock` or below, the oldest first; those behind `after`. */
export function listDeepPayments(
  db: Executor,
  network: Network,
  mode: Mode,
  deepestBlock: number,
  limit: number,
  after: Pick<DeepPayment, "blockNumber" | "invoiceId"> | null = null,
): Promise<DeepPayment[]> {
  return db
    .select({
      invoiceId: payments.invoiceId,
      id: transfers.id,
      txHash: transfers.txHash,
      ordinal: transfers.ordinal,
      toAddressKey: transfers.toAddressKey,
      value: transfers.value,
      blockNumber: transfers.blockNumber,
      blockHash: transfers.blockHash,
    })
    .from(payments)
    .innerJoin(transfers, eq(transfers.id, payments.transferId))
    .where(
      and(
        isNull(payments.confirmedAt),
        eq(transfers.network, network),
        eq(transfers.mode, mode),
        eq(transfers.status, "canonical"),
        sql`${transfers.blockNumber} <= ${deepestBlock}`,
        after
          ? sql`(${transfers.blockNumber}, ${payments.invoiceId}) > (${after.blockNumber}::bigint, ${after.invoiceId}::uuid)`
          : undefined,
      ),
    )
    .orderBy(asc(transfers.blockNumber), asc(payments.invoiceId))
    .limit(limit);
}

/** Ids of pending invoices whose time was over before `time` and that nobody is paying. */
export async function listExpirable(
  db: Executor,
  network: Network,
  mode: Mode,
  time: Date,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .select({ id: invoices.id })
    .from(invoices)
    .where(
      and(
        eq(invoices.mode, mode),
        eq(invoices.network, network),
        eq(invoices.status, "pending"),
        lt(invoices.expiresAt, time),
        sql`not exists (select 1 from ${payments} where ${payments.invoiceId} = ${invoices.id})`,
      ),
    )
    .orderBy(asc(invoices.expiresAt))
    .limit(limit);
  return rows.map((row) => row.id);
}

/** Locks invoices in the order of their ids, then what pays them: a reorg must not take it away while it is decided about. */
export async function lockSettleable(tx: Executor, ids: string[]): Promise<Settleable[]> {
  const locked = await tx
    .select()
    .from(invoices)
    .where(inArray(invoices.id, ids))
    .orderBy(asc(invoices.id))
    .for("update");
  const paid = await tx
    .select({ invoiceId: payments.invoiceId, transfer: transfers })
    .from(payments)
    .innerJoin(transfers, eq(transfers.id, payments.transferId))
    .where(inArray(payments.invoiceId, ids))
    .for("update", { of: [payments, transfers] });
  const transferOf = new Map(paid.map((row) => [row.invoiceId, row.transfer]));
  return locked.map((invoice) => ({ invoice, transfer: transferOf.get(invoice.id) ?? null }));
}

export async function markConfirmed(
  tx: Executor,
  invoiceId: string,
  paidAt: Date,
  confirmations: number,
  resolution: "automatic" | "manual",
): Promise<void> {
  await tx.update(invoices).set({ status: "confirmed", paidAt, resolution }).where(eq(invoices.id, invoiceId));
  await tx.update(payments).set({ confirmedAt: sql`now()`, confirmations }).where(eq(payments.invoiceId, invoiceId));
}

export async function markExpired(tx: Executor, invoiceIds: string[]): Promise<void> {
  await tx.update(invoices).set({ status: "expired", expiredAt: sql`now()` }).where(inArray(invoices.id, invoiceIds));
}

export async function markCancelled(tx: Executor, invoiceId: string): Promise<Date> {
  const cancelledAt = new Date();
  await tx.update(invoices).set({ status: "cancelled", cancelledAt }).where(eq(invoices.id, invoiceId));
  return cancelledAt;
}

/**
 * Adds an event and, where there is a URL for it, its delivery. `events_once` makes the event happen once.
 * @returns false where the invoice already has this event.
 */
export async function insertEvent(
  tx: Executor,
  event: typeof events.$inferInsert,
  delivery: { url: string; body: string } | null,
): Promise<boolean> {
  const rows = await tx.insert(events).values(event).onConflictDoNothing().returning({ id: events.id });
  const inserted = rows[0];
  if (!inserted) return false;
  if (delivery) {
    const { merchantId, mode } = event;
    await tx
      .insert(deliveries)
      .values({ eventId: inserted.id, merchantId, mode, ...delivery, nextAttemptAt: sql`now()` });
  }
  return true;
}

/** The default webhook URLs of merchants. */
export async function webhookUrlsOf(db: Executor, merchantIds: string[]): Promise<Map<string, string | null>> {
  const rows = await db
    .select({ id: merchants.id, url: merchants.webhookUrl })
    .from(merchants)
    .where(inArray(merchants.id, merchantIds));
  return new Map(rows.map((row) => [row.id, row.url]));
}

/** Brings the end of a test invoice forward to now: its window closes with the present second. */
export async function endWindow(tx: Executor, invoiceId: string): Promise<Date> {
  const [row] = await tx
    .update(invoices)
    .set({ expiresAt: sql`date_trunc('second', now()) + interval '1 second'` })
    .where(eq(invoices.id, invoiceId))
    .returning({ expiresAt: invoices.expiresAt });
  if (!row) throw new Error(`no invoice ${invoiceId}`);
  return row.expiresAt;
}

/** Any invoice by its id, in any world: for background work that was told which one. */
export async function lockInvoiceById(tx: Executor, id: string): Promise<Invoice | null> {
  const [row] = await tx.select().from(invoices).where(eq(invoices.id, id)).for("update");
  return row ?? null;
}
