import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import {
  invoiceOpenings,
  invoices,
  merchantLogos,
  merchants,
  networkCursors,
  payments,
  transfers,
  unmatchedTransfers,
  wallets,
} from "@/db/schema";
import { listUnmatched, lowestIdSince, type UnmatchedTransfer } from "./unmatched";

/** What pay pages are made of. Columns are named one by one: what is not here, no pay page can show. */

const INVOICE = {
  id: invoices.id,
  merchantId: invoices.merchantId,
  walletId: invoices.walletId,
  mode: invoices.mode,
  network: invoices.network,
  payoutAddress: invoices.payoutAddress,
  reference: invoices.reference,
  payPath: invoices.payPath,
  amountRequested: invoices.amountRequested,
  amount: invoices.amount,
  status: invoices.status,
  title: invoices.title,
  description: invoices.description,
  returnUrl: invoices.returnUrl,
  whiteLabel: invoices.whiteLabel,
  createdAt: invoices.createdAt,
  expiresAt: invoices.expiresAt,
  paidAt: invoices.paidAt,
  expiredAt: invoices.expiredAt,
  cancelledAt: invoices.cancelledAt,
  resolution: invoices.resolution,
};
const PAYMENT = {
  txHash: transfers.txHash,
  blockNumber: transfers.blockNumber,
  value: transfers.value,
  detectedAt: payments.detectedAt,
  confirmations: payments.confirmations,
};
const MERCHANT = { name: merchants.name, accentColor: merchants.accentColor, frameOrigins: merchants.frameOrigins };

/** How long a stray is looked for. */
const STRAYS_MS = 86_400_000;

/**
 * Invoices for their pay pages: with the payment, how far the network is read, the merchant's look, and when the latest transfer
 * that pays nothing came to the wallet. One statement for one page or for all the pages that are open.
 */
function selectPayInvoices(db: Executor, where: SQL) {
  const pages = db
    .selectDistinct({ merchantId: invoices.merchantId, walletId: invoices.walletId, mode: invoices.mode })
    .from(invoices)
    .where(where)
    .as("pages");
  // Older ones than any invoice that is looked at say nothing; ids grow with time, so that they are not even read.
  const newest = db
    .select({ detectedAt: transfers.detectedAt })
    .from(unmatchedTransfers)
    .innerJoin(transfers, eq(transfers.id, unmatchedTransfers.transferId))
    .where(
      and(
        eq(unmatchedTransfers.merchantId, pages.merchantId),
        eq(unmatchedTransfers.mode, pages.mode),
        sql`${unmatchedTransfers.transferId} > ${lowestIdSince(Date.now() - STRAYS_MS)}::uuid`,
        eq(transfers.network, wallets.network),
        eq(transfers.toAddressKey, wallets.addressKey),
        eq(transfers.status, "canonical"),
      ),
    )
    .orderBy(desc(unmatchedTransfers.transferId))
    .limit(1)
    .as("newest");
  const strays = db
    .select({ walletId: pages.walletId, mode: pages.mode, latest: newest.detectedAt })
    .from(pages)
    .innerJoin(wallets, eq(wallets.id, pages.walletId))
    .innerJoinLateral(newest, sql`true`)
    .as("strays");
  return db
    .select({
      invoice: INVOICE,
      payment: PAYMENT,
      scannedNumber: networkCursors.scannedNumber,
      merchant: MERCHANT,
      logoUpdatedAt: merchantLogos.updatedAt,
      latestStrayAt: strays.latest,
    })
    .from(invoices)
    .innerJoin(merchants, eq(merchants.id, invoices.merchantId))
    .leftJoin(payments, eq(payments.invoiceId, invoices.id))
    .leftJoin(transfers, eq(transfers.id, payments.transferId))
    .leftJoin(networkCursors, and(eq(networkCursors.network, invoices.network), eq(networkCursors.mode, invoices.mode)))
    .leftJoin(merchantLogos, eq(merchantLogos.merchantId, invoices.merchantId))
    .leftJoin(strays, and(eq(strays.walletId, invoices.walletId), eq(strays.mode, invoices.mode)))
    .where(where);
}

type Row = Awaited<ReturnType<typeof selectPayInvoices>>[number];

/** An invoice as its pay page and its public status need it. */
export type PayInvoice = Row["invoice"] &
  Pick<Row, "merchant" | "logoUpdatedAt" | "latestStrayAt" | "scannedNumber"> & {
    payment: {
      txHash: string;
      blockNumber: number;
      value: bigint;
      detectedAt: Date;
      confirmations: number | null;
    } | null;
  };

function toPayInvoice({ invoice, payment, ...rest }: Row): PayInvoice {
  const { txHash, blockNumber, value, detectedAt } = payment ?? {};
  const whole =
    txHash != null && blockNumber != null && value != null && detectedAt != null
      ? { txHash, blockNumber, value, detectedAt, confirmations: payment?.confirmations ?? null }
      : null;
  return { ...invoice, ...rest, payment: whole };
}

/** The invoice of a pay page, whoever's it is. */
export async function findPayInvoice(db: Executor, payPath: string): Promise<PayInvoice | null> {
  const [row] = await selectPayInvoices(db, sql`${invoices.payPath} = ${payPath}`);
  return row ? toPayInvoice(row) : null;
}

/** Those of many open pay pages, in one statement. Ids of invoices that are not there are left out. */
export async function listPayInvoices(db: Executor, ids: readonly string[]): Promise<PayInvoice[]> {
  const rows = await selectPayInvoices(db, sql`${invoices.id} = any(${`{${ids.join(",")}}`}::uuid[])`);
  return rows.map(toPayInvoice);
}

/** How many strays of a wallet are looked through for one page. */
const MAX_STRAYS = 200;

/**
 * Transfers to the invoice's wallet that pay nothing and were probably meant for this invoice, newest first. One that is exact
 * and in time is about to pay it and is left out.
 */
export async function listStraysOf(db: Executor, invoice: PayInvoice): Promise<UnmatchedTransfer[]> {
  const { merchantId, mode, walletId, createdAt, expiresAt } = invoice;
  const found = await listUnmatched(
    db,
    { merchantId, mode, walletId, since: createdAt },
    { limit: MAX_STRAYS, before: null },
  );
  return found.filter(
    ({ likelyInvoiceId, reason, blockTime }) =>
      likelyInvoiceId === invoice.id &&
      !(reason === "late" && invoice.status !== "cancelled" && blockTime <= expiresAt),
  );
}

/** Whether a transfer of exactly this invoice's amount was seen in its time and has left the chain with its block. */
export async function hasOrphanedPayment(db: Executor, invoice: PayInvoice): Promise<boolean> {
  const [row] = await db
    .select({ id: transfers.id })
    .from(transfers)
    .innerJoin(wallets, eq(wallets.addressKey, transfers.toAddressKey))
    .where(
      and(
        eq(wallets.id, invoice.walletId),
        eq(transfers.network, invoice.network),
        eq(transfers.mode, invoice.mode),
        eq(transfers.status, "orphaned"),
        eq(transfers.units, invoice.amount),
        sql`${transfers.blockTime} between ${invoice.createdAt.toISOString()}::timestamptz - interval '15 seconds' and ${invoice.expiresAt.toISOString()}::timestamptz`,
        sql`(${transfers.merchantId} is null or ${transfers.merchantId} = ${invoice.merchantId}::uuid)`,
      ),
    )
    .limit(1);
  return row !== undefined;
}

/** Notes that a pay page was opened; the first time stays. */
export async function recordOpening(db: Executor, invoiceId: string): Promise<void> {
  await db.insert(invoiceOpenings).values({ invoiceId }).onConflictDoNothing();
}

/** A merchant's logo, whole. */
export async function findLogo(db: Executor, merchantId: string) {
  const [row] = await db
    .select({ mediaType: merchantLogos.mediaType, content: merchantLogos.content, updatedAt: merchantLogos.updatedAt })
    .from(merchantLogos)
    .where(eq(merchantLogos.merchantId, merchantId));
  return row ?? null;
}
