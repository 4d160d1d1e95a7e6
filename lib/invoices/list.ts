import type { z } from "zod";
import { db } from "@/db/client";
import { tallyInvoices, tallyInvoicesBetween } from "@/db/queries/invoice-tallies";
import { countInvoices, type InvoiceFilter, listInvoices, type Scope } from "@/db/queries/invoices";
import { type listInvoicesQuery, printCursor } from "@/lib/api/schemas";
import { networkOf } from "@/lib/chains/networks";
import { presentInvoice } from "./present";

/** A page of invoices, newest first, with the total of the filter. */
export async function listInvoicePage(scope: Scope, query: z.output<typeof listInvoicesQuery>) {
  const { page, limit, cursor = null } = query;
  const filter: InvoiceFilter = {
    status: query.status,
    network: query.assetCode && networkOf(query.assetCode),
    reference: query.reference,
    from: query.from,
    before: query.to,
  };
  const offset = cursor ? 0 : (page - 1) * limit;
  const [rows, total] = await Promise.all([
    // One more than asked: whether there is a next page.
    listInvoices(db(), scope, filter, { limit: limit + 1, offset, after: cursor }),
    totalOf(scope, filter),
  ]);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const now = new Date();
  return {
    data: shown.map((invoice) => presentInvoice(invoice, now)),
    pagination: {
      page,
      limit,
      total,
      totalPages: Math.ceil(total / limit),
      nextCursor: rows.length > limit && last ? printCursor(last) : null,
    },
  };
}

async function totalOf(scope: Scope, filter: InvoiceFilter): Promise<number> {
  if (filter.reference !== undefined) return countInvoices(db(), scope, filter);
  const { network = null, from = null, before = null } = filter;
  const tallies =
    from || before
      ? await tallyInvoicesBetween(db(), scope, network, from, before)
      : await tallyInvoices(db(), scope, network);
  return tallies
    .filter((tally) => !filter.status || tally.status === filter.status)
    .reduce((sum, tally) => sum + tally.count, 0);
}
