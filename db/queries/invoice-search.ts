import { and, desc, eq, gte, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { invoices, payments, transfers, wallets } from "@/db/schema";
import { type InvoiceFilter, type InvoiceView, type Scope, selectInvoices, toView } from "./invoices";

/**
 * What invoices are looked for by. Each kind has a condition that is true of the invoices meant, and all but `text` an index
 * that finds them where they are few.
 */
export type SearchTerm =
  | { kind: "id"; id: string }
  /** A transaction, in every spelling that networks use. */
  | { kind: "hash"; hashes: string[] }
  /** The beginning of it. */
  | { kind: "reference"; prefix: string }
  /** Asked for or exact, in units of 0.0001 USDT. */
  | { kind: "amount"; amount: bigint }
  | { kind: "wallet"; walletIds: string[] }
  /** Who paid. */
  | { kind: "sender"; address: string }
  /** Anywhere in reference or title. */
  | { kind: "text"; text: string };

type Place = { createdAt: Date; id: string };

/** How far above the asked amount an exact one can be: the largest adjustment limit there is, in units. */
const LARGEST_ADJUSTMENT = 10_000n;

const inScope = (scope: Scope) => and(eq(invoices.merchantId, scope.merchantId), eq(invoices.mode, scope.mode));
// Above every printable character: the end of what begins with a text.
const beginsWith = (prefix: string) => and(gte(invoices.reference, prefix), lt(invoices.reference, `${prefix}\x7f`));
const isAmount = (amount: bigint) =>
  sql`(${invoices.amount} = ${amount.toString()}::bigint or ${invoices.amountRequested} = ${amount.toString()}::bigint)`;
const behind = (after: Place | null) =>
  after === null
    ? undefined
    : sql`(${invoices.createdAt}, ${invoices.id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`;

/** The ids of all invoices that a term means, from its index; null where there are more than `limit` or it has no index. */
export async function probeInvoices(
  db: Executor,
  scope: Scope,
  term: SearchTerm,
  walletIds: string[],
  limit: number,
): Promise<string[] | null> {
  const paidBy = (where: SQL | undefined) =>
    db
      .select({ id: payments.invoiceId })
      .from(transfers)
      .innerJoin(payments, eq(payments.transferId, transfers.id))
      .where(and(where, eq(transfers.mode, scope.mode), eq(payments.merchantId, scope.merchantId)))
      .limit(limit + 1);
  const which = (where: SQL | undefined) =>
    db
      .select({ id: invoices.id })
      .from(invoices)
      .where(and(inScope(scope), where))
      .limit(limit + 1);
  const find = () => {
    switch (term.kind) {
      case "id":
        return which(eq(invoices.id, term.id));
      case "hash":
        return paidBy(
          and(inArray(transfers.network, ["tron", "ethereum", "bsc"]), inArray(transfers.txHash, term.hashes)),
        );
      case "reference":
        return which(beginsWith(term.prefix));
      case "amount": {
        const highest = (term.amount + LARGEST_ADJUSTMENT).toString();
        const range = sql`${invoices.amount} between ${term.amount.toString()}::bigint and ${highest}::bigint`;
        return walletIds.length === 0
          ? null
          : which(and(inArray(invoices.walletId, walletIds), range, isAmount(term.amount)));
      }
      case "wallet":
        // In the order of the index: else the table might be read until enough are met.
        return which(inArray(invoices.walletId, term.walletIds)).orderBy(invoices.walletId, invoices.amount);
      case "sender": {
        const ours = db
          .select({ key: wallets.addressKey })
          .from(wallets)
          .where(eq(wallets.merchantId, scope.merchantId));
        return paidBy(and(eq(transfers.fromAddress, term.address), inArray(transfers.toAddressKey, ours)));
      }
      case "text":
        return null;
    }
  };
  const rows = await find();
  return rows === null || rows.length > limit ? null : rows.map((row) => row.id);
}

function conditionOf(term: SearchTerm): SQL | undefined {
  const paid = (where: SQL) =>
    sql`exists (select 1 from ${payments} join ${transfers} on ${transfers.id} = ${payments.transferId}
      where ${payments.invoiceId} = ${invoices.id} and ${where})`;
  switch (term.kind) {
    case "id":
      return eq(invoices.id, term.id);
    case "hash":
      return paid(inArray(transfers.txHash, term.hashes));
    case "reference":
      return beginsWith(term.prefix);
    case "amount":
      return isAmount(term.amount);
    case "wallet":
      return inArray(invoices.walletId, term.walletIds);
    case "sender":
      return paid(eq(transfers.fromAddress, term.address));
    case "text": {
      const pattern = `%${term.text.replace(/[\\%_]/g, "\\$&")}%`;
      return sql`(${invoices.reference} ilike ${pattern} or ${invoices.title} ilike ${pattern})`;
    }
  }
}

/** Of these invoices the ones in the scope and filter, newest first, behind a place. */
export async function listInvoicesAmong(
  db: Executor,
  scope: Scope,
  ids: string[],
  filter: InvoiceFilter,
  after: Place | null,
  limit: number,
): Promise<InvoiceView[]> {
  if (ids.length === 0) return [];
  const among = sql`${invoices.id} = any(${`{${ids.join(",")}}`}::uuid[])`;
  const rows = await selectInvoices(db)
    .where(and(inScope(scope), among, matching(filter), behind(after)))
    .orderBy(desc(invoices.createdAt), desc(invoices.id))
    .limit(limit);
  return rows.map(toView);
}

const matching = (filter: InvoiceFilter) =>
  and(
    filter.status && eq(invoices.status, filter.status),
    filter.network && eq(invoices.network, filter.network),
    filter.from && gte(invoices.createdAt, filter.from),
    filter.before && lt(invoices.createdAt, filter.before),
  );

/**
 * Reads the next `stretch` invoices of a list, newest first, and gives those that fit one of the terms and the network, at most
 * `limit`; status and time are part of the order that is read in.
 */
export async function scanInvoices(
  db: Executor,
  scope: Scope,
  { network, ...ordered }: InvoiceFilter,
  terms: SearchTerm[],
  after: Place | null,
  limit: number,
  stretch: number,
): Promise<{ rows: InvoiceView[]; end: Place | null }> {
  const stretchWhere = and(inScope(scope), matching(ordered), behind(after));
  const fits = and(network && eq(invoices.network, network), or(...terms.map(conditionOf)));
  // Without a condition every row fits: no more than `limit` are read.
  const reach = fits ? stretch : limit;
  // The inner limit is what bounds the work; the outer one ends it as soon as enough were found.
  const found = await db.execute<{ id: string }>(sql`
    select id from (
      select * from ${invoices} where ${stretchWhere}
      order by ${invoices.createdAt} desc, ${invoices.id} desc limit ${reach}::int
    ) as invoices
    where ${fits ?? sql`true`} limit ${limit}::int`);
  const ids = found.map((row) => row.id);
  const [rows, end] = await Promise.all([
    listInvoicesAmong(db, scope, ids, {}, null, limit),
    ids.length >= limit || !fits ? null : lastOf(db, stretchWhere, stretch),
  ]);
  return { rows, end };
}

async function lastOf(db: Executor, where: SQL | undefined, stretch: number): Promise<Place | null> {
  const [row] = await db
    .select({ createdAt: invoices.createdAt, id: invoices.id })
    .from(invoices)
    .where(where)
    .orderBy(desc(invoices.createdAt), desc(invoices.id))
    .limit(1)
    .offset(stretch - 1);
  return row ?? null;
}
