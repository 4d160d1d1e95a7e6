import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { CursorPages } from "@/components/dashboard/lists/cursor-pages";
import { FilterDays, FilterForm, FilterSelect, FilterText } from "@/components/dashboard/lists/filter-form";
import { LogTable } from "@/components/dashboard/logs/log-table";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { CopyLine } from "@/components/ui/copy";
import { EmptyState } from "@/components/ui/states";
import { searchApiLogs } from "@/lib/api/log-search";
import { curlExample } from "@/lib/dashboard/examples";
import { LOG_METHODS, LOG_STATUSES, parseLogQuery, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { printPosition } from "@/lib/lists/position";

export const metadata: Metadata = { title: "API logs" };

const PAGE_SIZE = 50;
const STATUS_LABELS: Record<(typeof LOG_STATUSES)[number], string> = {
  "2": "2xx, done",
  "4": "4xx, refused",
  "5": "5xx, our fault",
  "400": "400, invalid",
  "401": "401, wrong key",
  "404": "404, not there",
  "409": "409, conflict",
  "429": "429, too many",
};

export default async function LogsPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { merchant, mode, scope } = await requireSession(params);
  const { filters, search, after } = parseLogQuery(await searchParams, merchant.timeZone);
  const page = await searchApiLogs(scope, search, { limit: PAGE_SIZE, after });
  const path = dashboardPath(mode, "/developers/logs");
  const active = Object.values(filters).some(Boolean);
  return (
    <>
      <PageHeader
        title="API logs"
        description={`Requests with your ${mode} key, kept for 30 days. Secrets are masked, bodies cut at 8 KB.`}
      />
      <FilterForm label="API logs" active={active}>
        <FilterText name="path" label="Part of the path" value={filters.path} />
        <FilterSelect
          name="status"
          label="Status"
          all="Any status"
          value={filters.status}
          options={LOG_STATUSES.map((value) => ({ value, label: STATUS_LABELS[value] }))}
        />
        <FilterSelect
          name="method"
          label="Method"
          all="Any method"
          value={filters.method}
          options={LOG_METHODS.map((value) => ({ value, label: value }))}
        />
        <FilterDays from={filters.from} to={filters.to} />
      </FilterForm>
      {page.rows.length > 0 ? (
        <LogTable rows={page.rows} base={path} />
      ) : active || after ? (
        <EmptyState>
          {page.next ? "Nothing found so far." : "No request fits this. Change the filters, or clear them."}
        </EmptyState>
      ) : (
        <EmptyState code={<CopyLine text={curlExample(mode)} what="the command" />}>
          No request with your {mode} key yet. This one creates an invoice; it appears here within a second or two:
        </EmptyState>
      )}
      <CursorPages
        newest={after ? withQuery(path, filters) : null}
        older={page.next && withQuery(path, { ...filters, cursor: printPosition(page.next) })}
        lookedBackTo={page.lookedBackTo}
      />
    </>
  );
}
