import { and, count, desc, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import { databaseError, type Executor } from "@/db/client";
import { type InvoiceStatus, invoices, networkCursors, payments, transfers } from "@/db/schema";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/env";

export type Invoice = typeof invoices.$inferSelect;

/** An invoice with what its representations need: the payment, and how far its network is scanned. */
export type InvoiceView = Invoice & {
  payment: {
    txHash: string;
    fromAddress: string;
    blockNumber: number;
    detectedAt: Date;
    /** Set once, when the invoice was confirmed. */
    confirmations: number | null;
  } | null;
  scannedNumber: number | null;
};

const PAYMENT = {
  txHash: transfers.txHash,
  fromAddress: transfers.fromAddress,
  blockNumber: transfers.blockNumber,
  detectedAt: payments.detectedAt,
  confirmations: payments.confirmations,
};

/** The query behind every read of invoices; add `where`, order and limit. */
export function selectInvoices(db: Executor) {
  return db
    .select({ invoice: invoices, payment: PAYMENT, scannedNumber: networkCursors.scannedNumber })
    .from(invoices)
    .leftJoin(payments, eq(payments.invoiceId, invoices.id))
    .leftJoin(transfers, eq(transfers.id, payments.transferId))
    .leftJoin(
      networkCursors,
      and(eq(networkCursors.network, invoices.network), eq(networkCursors.mode, invoices.mode)),
    );
}

type Row = Awaited<ReturnType<typeof selectInvoices>>[number];

/** Turns a row of `selectInvoices` into a view. */
export function toView({ invoice, payment, scannedNumber }: Row): InvoiceView {
  const { txHash, fromAddress, blockNumber, detectedAt } = payment ?? {};
  const whole =
    payment && txHash != null && fromAddress != null && blockNumber != null && detectedAt != null
      ? { txHash, fromAddress, blockNumber, detectedAt, confirmations: payment.confirmations }
      : null;
  return { ...invoice, payment: whole, scannedNumber };
}

async function findOne(db: Executor, where: SQL | undefined): Promise<InvoiceView | null> {
  const [row] = await selectInvoices(db).where(where).limit(1);
  return row ? toView(row) : null;
}

/** Whose world is read: a merchant's, in one mode. Part of every query about invoices. */
export type Scope = { merchantId: string; mode: Mode };
const inScope = (scope: Scope) => and(eq(invoices.merchantId, scope.merchantId), eq(invoices.mode, scope.mode));

export function findInvoice(db: Executor, scope: Scope, id: string): Promise<InvoiceView | null> {
  return findOne(db, and(eq(invoices.id, id), inScope(scope)));
}

export function findInvoiceByReference(db: Executor, scope: Scope, reference: string): Promise<InvoiceView | null> {
  return findOne(db, and(eq(invoices.reference, reference), inScope(scope)));
}

export type NewInvoice = Pick<
  Invoice,
  | "id"
  | "merchantId"
  | "mode"
  | "walletId"
  | "network"
  | "payoutAddress"
  | "reference"
  | "payPath"
  | "amountRequested"
  | "title"
  | "description"
  | "callbackUrl"
  | "returnUrl"
  | "metadata"
  | "whiteLabel"
>;

export type InsertOutcome =
  | { result: "inserted"; amount: bigint; createdAt: Date; expiresAt: Date }
  | { result: "no_slot" }
  | { result: "reference_taken" }
  | { result: "path_taken" };

/**
 * Takes an amount slot and inserts the invoice in one statement: both or neither, with one round trip.
 * The slot is the asked amount if free, else the lowest free one up to `adjustmentLimit` above it; the search for that one is
 * only run when the asked amount is taken, and reads no slot outside its range. The upsert only
 * overwrites a slot whose hold is over; the primary key of amount_slots makes that true under any concurrency, so
 * `no_slot` can also mean that another transaction took the same one first: see `insertInvoiceInTurn`.
 */
export async function insertInvoice(
  db: Executor,
  invoice: NewInvoice,
  options: { adjustmentLimit: bigint; expirySeconds: number; cooldownSeconds: number },
): Promise<InsertOutcome> {
  const input = JSON.stringify({
    ...invoice,
    amountRequested: invoice.amountRequested.toString(),
    highestAmount: (invoice.amountRequested + options.adjustmentLimit).toString(),
    expirySeconds: options.expirySeconds,
    cooldownSeconds: options.cooldownSeconds,
  });
  // One value for all of them: building and sending a statement with thirty would take longer than running it.
  const statement = sql`
    with input as (
      select *, date_trunc('second', now()) as created_at,
        date_trunc('second', now()) + make_interval(secs => "expirySeconds") as expires_at
      from json_to_record(${input}::json) as input(
        id uuid, "merchantId" uuid, mode text, "walletId" uuid, network text, "payoutAddress" text, reference text,
        "payPath" text, "amountRequested" bigint, "highestAmount" bigint, title text, description text, "callbackUrl" text,
        "returnUrl" text, metadata text, "whiteLabel" boolean, "expirySeconds" int, "cooldownSeconds" int
      )
    ), slot as (
      insert into amount_slots (wallet_id, mode, amount, held_until)
      select "walletId", input.mode, chosen.amount, input.expires_at + make_interval(secs => "cooldownSeconds")
      from input, lateral (select coalesce(
        (select "amountRequested" where not exists (
          select 1 from amount_slots held
          where held.wallet_id = "walletId" and held.mode = input.mode and held.amount = "amountRequested"
            and held.held_until > now())),
        (select candidate from generate_series("amountRequested", "highestAmount") as candidate
         where candidate not in (
          select held.amount from amount_slots held
          where held.wallet_id = "walletId" and held.mode = input.mode
            and held.amount between "amountRequested" and "highestAmount" and held.held_until > now())
         order by candidate limit 1)
      ) as amount) as chosen
      where chosen.amount is not null
      on conflict (wallet_id, mode, amount) do update set held_until = excluded.held_until
        where amount_slots.held_until <= now()
      returning amount
    )
    insert into invoices (
      id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested, amount,
      title, description, callback_url, return_url, metadata, white_label, created_at, expires_at
    )
    select
      id, "merchantId", mode, "walletId", network, "payoutAddress", reference, "payPath", "amountRequested", slot.amount,
      title, description, "callbackUrl", "returnUrl", metadata, "whiteLabel", created_at, expires_at
    from input, slot
    returning amount::text, (extract(epoch from created_at) * 1000)::float8 as created_ms, (extract(epoch from expires_at) * 1000)::float8 as expires_ms`;
  try {
    const rows = await db.execute<{ amount: string; created_ms: number; expires_ms: number }>(statement);
    const row = rows[0];
    if (!row) return { result: "no_slot" };
    return {
      result: "inserted",
      amount: BigInt(row.amount),
      createdAt: new Date(row.created_ms),
      expiresAt: new Date(row.expires_ms),
    };
  } catch (error) {
    const constraint = databaseError(error)?.constraint;
    if (constraint === "invoices_reference") return { result: "reference_taken" };
    if (constraint === "invoices_pay_path") return { result: "path_taken" };
    throw error;
  }
}

/**
 * The same inside a transaction, which must go on when nothing was inserted: a savepoint around it is rolled back. Without
 * that, a refused insert would spoil the transaction, and one that found its slot taken would keep that slot's row locked
 * until the end (ON CONFLICT locks the row it does not update): two such transactions that try again deadlock.
 */
export function insertInvoiceInSavepoint(
  tx: Executor,
  invoice: NewInvoice,
  options: { adjustmentLimit: bigint; expirySeconds: number; cooldownSeconds: number },
): Promise<InsertOutcome> {
  return insertOrRollBack(tx, (savepoint) => insertInvoice(savepoint, invoice, options));
}

/**
 * The same, one at a time a wallet: for whoever lost the race for a slot. With the turn taken, `no_slot` means that none is
 * free but for a concurrent `insertInvoice`, which the caller may try again after.
 */
export function insertInvoiceInTurn(
  db: Executor,
  invoice: NewInvoice,
  options: { adjustmentLimit: bigint; expirySeconds: number; cooldownSeconds: number },
): Promise<InsertOutcome> {
  return insertOrRollBack(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${invoice.walletId}/${invoice.mode}`}, 0))`);
    return insertInvoice(tx, invoice, options);
  });
}

class NotInserted extends Error {
  constructor(readonly outcome: InsertOutcome) {
    super(outcome.result);
  }
}

/** Runs `insert` in a transaction (inside another one: a savepoint) that ends in a rollback unless it inserted. */
async function insertOrRollBack(
  db: Executor,
  insert: (tx: Executor) => Promise<InsertOutcome>,
): Promise<InsertOutcome> {
  try {
    return await db.transaction(async (tx) => {
      const outcome = await insert(tx);
      // The driver fails a transaction in which a statement failed, even if the error was caught; so leave it by an error.
      if (outcome.result !== "inserted") throw new NotInserted(outcome);
      return outcome;
    });
  } catch (error) {
    if (error instanceof NotInserted) return error.outcome;
    throw error;
  }
}

/** When the first slot from `amount` up to `amount + limit` is free again; null where one is free now. */
export async function nextFreeSlotAt(
  db: Executor,
  slot: { walletId: string; mode: Mode; amount: bigint; adjustmentLimit: bigint },
): Promise<Date | null> {
  const lowest = slot.amount.toString();
  const highest = (slot.amount + slot.adjustmentLimit).toString();
  const rows = await db.execute<{ held: string; soonest_ms: number | null }>(sql`
    select count(*)::text as held, (extract(epoch from min(held_until)) * 1000)::float8 as soonest_ms
    from amount_slots
    where wallet_id = ${slot.walletId}::uuid and mode = ${slot.mode} and held_until > now()
      and amount between ${lowest}::bigint and ${highest}::bigint`);
  const row = rows[0];
  if (!row || BigInt(row.held) <= slot.adjustmentLimit || row.soonest_ms === null) return null;
  return new Date(row.soonest_ms);
}

/** Whether a wallet's amount is taken. */
export async function isAmountHeld(
  db: Executor,
  { walletId, mode, amount }: { walletId: string; mode: Mode; amount: bigint },
): Promise<boolean> {
  const rows = await db.execute(sql`
    select 1 from amount_slots
    where wallet_id = ${walletId}::uuid and mode = ${mode} and amount = ${amount.toString()}::bigint and held_until > now()`);
  return rows.length > 0;
}

/** Locks an invoice for a change of its state; null where it is not there. */
export async function lockInvoice(tx: Executor, scope: Scope, id: string): Promise<Invoice | null> {
  const [row] = await tx
    .select()
    .from(invoices)
    .where(and(eq(invoices.id, id), inScope(scope)))
    .for("update");
  return row ?? null;
}

export async function hasPayment(db: Executor, invoiceId: string): Promise<boolean> {
  const rows = await db
    .select({ invoiceId: payments.invoiceId })
    .from(payments)
    .where(eq(payments.invoiceId, invoiceId));
  return rows.length > 0;
}

/** When the oldest pending live invoice of a network was created; null where there is none. */
export async function oldestOpenInvoice(db: Executor, network: Network): Promise<Date | null> {
  const [row] = await db
    .select({ createdAt: invoices.createdAt })
    .from(invoices)
    .where(and(eq(invoices.mode, "live"), eq(invoices.network, network), eq(invoices.status, "pending")))
    .orderBy(invoices.createdAt)
    .limit(1);
  return row?.createdAt ?? null;
}

export type InvoiceFilter = {
  status?: InvoiceStatus;
  network?: Network;
  reference?: string;
  /** Created at or after. */
  from?: Date;
  /** Created before. */
  before?: Date;
};

/** Where a page begins: after `after` (the last row of the page before), or `offset` rows in. */
export type Page = { limit: number; offset: number; after: { createdAt: Date; id: string } | null };

const matching = (scope: Scope, filter: InvoiceFilter) =>
  and(
    inScope(scope),
    filter.status && eq(invoices.status, filter.status),
    filter.network && eq(invoices.network, filter.network),
    filter.reference !== undefined ? eq(invoices.reference, filter.reference) : undefined,
    filter.from && gte(invoices.createdAt, filter.from),
    filter.before && lt(invoices.createdAt, filter.before),
  );

/** A page of a merchant's invoices, newest first. */
export async function listInvoices(
  db: Executor,
  scope: Scope,
  filter: InvoiceFilter,
  page: Page,
): Promise<InvoiceView[]> {
  const after = page.after
    ? sql`(${invoices.createdAt}, ${invoices.id}) < (${page.after.createdAt.toISOString()}::timestamptz, ${page.after.id}::uuid)`
    : undefined;
  // What a page skips is read from the index, without its payment.
  const shown = db
    .select({ id: invoices.id })
    .from(invoices)
    .where(and(matching(scope, filter), after))
    .orderBy(desc(invoices.createdAt), desc(invoices.id))
    .limit(page.limit)
    .offset(page.offset);
  const rows = await selectInvoices(db)
    .where(inArray(invoices.id, shown))
    .orderBy(desc(invoices.createdAt), desc(invoices.id));
  return rows.map(toView);
}

/** Counts invoices one by one: for a reference, which the tallies do not know. */
export async function countInvoices(db: Executor, scope: Scope, filter: InvoiceFilter): Promise<number> {
  const [row] = await db.select({ count: count() }).from(invoices).where(matching(scope, filter));
  return row?.count ?? 0;
}
