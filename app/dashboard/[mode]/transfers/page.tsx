import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { CursorPages } from "@/components/dashboard/lists/cursor-pages";
import { FilterForm, FilterSelect, FilterText } from "@/components/dashboard/lists/filter-form";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { TransferTable } from "@/components/dashboard/transfers/transfer-table";
import { TransferTabs } from "@/components/dashboard/transfers/transfer-tabs";
import { EmptyState } from "@/components/ui/states";
import { labelOf, NETWORKS } from "@/lib/chains/networks";
import { parseTransferQuery, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { printPosition } from "@/lib/lists/position";
import { listTransferPage } from "@/lib/transfers/list";
import { countUnmatchedTransfers } from "@/lib/transfers/unmatched";

export const metadata: Metadata = { title: "Transfers" };

const PAGE_SIZE = 50;

export default async function TransfersPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { mode, scope } = await requireSession(params);
  const { filters, search, after } = parseTransferQuery(await searchParams);
  const [page, unmatched] = await Promise.all([
    listTransferPage(scope, search, { limit: PAGE_SIZE, after }),
    countUnmatchedTransfers(scope),
  ]);
  const path = dashboardPath(mode, "/transfers");
  const active = Object.values(filters).some(Boolean);
  const rows = page.rows.map((row) => ({
    ...row,
    networkLabel: labelOf(row.network),
    wallet: row.walletLabel ?? `${row.toAddress.slice(0, 6)}…${row.toAddress.slice(-6)}`,
  }));
  return (
    <>
      <PageHeader title="Transfers" description="What reached your wallets, as the networks tell it." />
      <TransferTabs base={path} active="all" unmatched={unmatched} />
      <FilterForm label="Transfers" active={active}>
        <FilterText name="q" label="Transaction hash or sender" value={filters.q} />
        <FilterSelect
          name="network"
          label="Network"
          all="Any network"
          value={filters.network}
          options={NETWORKS.map((value) => ({ value, label: labelOf(value) }))}
        />
      </FilterForm>
      {rows.length > 0 ? (
        <TransferTable rows={rows} invoices={dashboardPath(mode, "/invoices")} />
      ) : (
        <EmptyState>
          {active
            ? "No transfer fits this. Change the filters, or clear them."
            : `No ${mode} transfer has reached your wallets yet.`}
        </EmptyState>
      )}
      <CursorPages
        newest={after ? withQuery(path, filters) : null}
        older={page.next && withQuery(path, { ...filters, cursor: printPosition(page.next) })}
        lookedBackTo={null}
      />
    </>
  );
}
