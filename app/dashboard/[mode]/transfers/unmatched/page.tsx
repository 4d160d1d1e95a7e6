import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { CursorPages } from "@/components/dashboard/lists/cursor-pages";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { TransferTabs } from "@/components/dashboard/transfers/transfer-tabs";
import { UnmatchedTable } from "@/components/dashboard/transfers/unmatched-table";
import { EmptyState } from "@/components/ui/states";
import { labelOf } from "@/lib/chains/networks";
import { parseTransferQuery, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { countUnmatchedTransfers, listUnmatchedPage } from "@/lib/transfers/unmatched";
import { acceptTransfer } from "../actions";

export const metadata: Metadata = { title: "Unmatched transfers" };

const PAGE_SIZE = 50;

export default async function UnmatchedPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { mode, scope } = await requireSession(params);
  const { cursor } = parseTransferQuery(await searchParams);
  const [page, unmatched] = await Promise.all([
    listUnmatchedPage(scope, { limit: PAGE_SIZE, before: cursor ?? null }),
    countUnmatchedTransfers(scope),
  ]);
  const base = dashboardPath(mode, "/transfers");
  const rows = page.data.map((row) => ({ ...row, networkLabel: labelOf(row.network) }));
  return (
    <>
      <PageHeader
        title="Transfers"
        description="These reached your wallets but pay no invoice: the amount, the time or both do not fit. Accept one for an invoice, or send it back from your wallet."
      />
      <TransferTabs base={base} active="unmatched" unmatched={unmatched} />
      {rows.length > 0 ? (
        <UnmatchedTable rows={rows} invoices={dashboardPath(mode, "/invoices")} accept={acceptTransfer} />
      ) : (
        <EmptyState>Every transfer that reached your wallets pays an invoice. There is nothing to do.</EmptyState>
      )}
      <CursorPages
        newest={cursor ? `${base}/unmatched` : null}
        older={page.next && withQuery(`${base}/unmatched`, { cursor: page.next })}
        lookedBackTo={null}
      />
    </>
  );
}
