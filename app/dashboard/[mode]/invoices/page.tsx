import { Download, Plus } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { requireSession } from "@/app/_session/session";
import { type InvoiceRow, InvoiceTable } from "@/components/dashboard/invoices/invoice-table";
import { CursorPages } from "@/components/dashboard/lists/cursor-pages";
import { FilterDays, FilterForm, FilterSelect, FilterText } from "@/components/dashboard/lists/filter-form";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Button } from "@/components/ui/button";
import { CopyLine } from "@/components/ui/copy";
import { EmptyState } from "@/components/ui/states";
import { labelOf, NETWORKS } from "@/lib/chains/networks";
import { curlExample } from "@/lib/dashboard/examples";
import { parseInvoiceQuery, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { presentRow } from "@/lib/invoices/present";
import { searchInvoices } from "@/lib/invoices/search";
import { printPosition } from "@/lib/lists/position";

export const metadata: Metadata = { title: "Invoices" };

const PAGE_SIZE = 50;
const STATUSES = ["pending", "confirmed", "expired", "cancelled"] as const;

export default async function InvoicesPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { merchant, mode, scope } = await requireSession(params);
  const { filters, search, after } = parseInvoiceQuery(await searchParams, merchant.timeZone);
  const page = await searchInvoices(scope, search, { limit: PAGE_SIZE, after });
  const path = dashboardPath(mode, "/invoices");
  const rows: InvoiceRow[] = page.rows.map((invoice) => presentRow(invoice));
  const active = Object.values(filters).some(Boolean);
  const older = page.next && withQuery(path, { ...filters, cursor: printPosition(page.next) });
  return (
    <>
      <PageHeader
        title="Invoices"
        action={
          <>
            <Button asChild>
              <a href={withQuery(`${path}/export`, filters)} download>
                <Download aria-hidden="true" />
                CSV
              </a>
            </Button>
            <Button variant="primary" asChild>
              <Link href={`${path}/new`}>
                <Plus aria-hidden="true" />
                New invoice
              </Link>
            </Button>
          </>
        }
      />
      <FilterForm label="Invoices" active={active}>
        <FilterText name="q" label="Reference, amount, hash or address" value={filters.q} />
        <FilterSelect
          name="status"
          label="Status"
          all="Any status"
          value={filters.status}
          options={STATUSES.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }))}
        />
        <FilterSelect
          name="network"
          label="Network"
          all="Any network"
          value={filters.network}
          options={NETWORKS.map((value) => ({ value, label: labelOf(value) }))}
        />
        <FilterDays from={filters.from} to={filters.to} />
      </FilterForm>
      {rows.length > 0 ? (
        <InvoiceTable rows={rows} base={path} />
      ) : active || after ? (
        <EmptyState>
          {page.next ? "Nothing found so far." : "No invoice fits this. Change the filters, or clear them."}
        </EmptyState>
      ) : (
        <EmptyState
          action={
            <Button asChild>
              <Link href={`${path}/new`}>Create an invoice</Link>
            </Button>
          }
          code={<CopyLine text={curlExample(mode)} what="the command" />}
        >
          No {mode} invoice yet. Create one here, or from your code:
        </EmptyState>
      )}
      <CursorPages newest={after ? withQuery(path, filters) : null} older={older} lookedBackTo={page.lookedBackTo} />
    </>
  );
}
