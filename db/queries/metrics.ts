import { and, count, eq, isNotNull, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { deliveries, invoices, payments, transfers } from "@/db/schema";
import type { Network } from "@/lib/env";

/** Pending invoices by network and mode. */
export function countOpenInvoices(db: Executor) {
  return db
    .select({ network: invoices.network, mode: invoices.mode, count: count() })
    .from(invoices)
    .where(eq(invoices.status, "pending"))
    .groupBy(invoices.network, invoices.mode);
}

/** Deliveries that wait for an attempt, and those given up in the last day. */
export async function countDeliveries(db: Executor): Promise<{ pending: number; failedLastDay: number }> {
  const [[waiting], [failed]] = await Promise.all([
    db.select({ count: count() }).from(deliveries).where(eq(deliveries.status, "pending")),
    db
      .select({ count: count() })
      .from(deliveries)
      .where(and(eq(deliveries.status, "failed"), sql`${deliveries.createdAt} > now() - interval '1 day'`)),
  ]);
  return { pending: waiting?.count ?? 0, failedLastDay: failed?.count ?? 0 };
}

/** Confirmed payments whose transfer has left the chain, by network. */
export async function countOrphanedPayments(db: Executor): Promise<Map<Network, number>> {
  const rows = await db
    .select({ network: transfers.network, count: count() })
    .from(transfers)
    .innerJoin(payments, eq(payments.transferId, transfers.id))
    .where(and(eq(transfers.status, "orphaned"), eq(transfers.mode, "live"), isNotNull(payments.confirmedAt)))
    .groupBy(transfers.network);
  return new Map(rows.map((row) => [row.network, row.count]));
}
