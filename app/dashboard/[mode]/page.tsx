import { Plus } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { requireSession } from "@/app/_session/session";
import { Checklist } from "@/components/dashboard/checklist";
import { dashboardPath } from "@/components/dashboard/navigation";
import { AttentionList, duration } from "@/components/dashboard/overview/attention";
import { CountChart, VolumeChart } from "@/components/dashboard/overview/charts";
import { Numbers } from "@/components/dashboard/overview/numbers";
import { PageHeader } from "@/components/dashboard/page-header";
import { Amount } from "@/components/ui/amount";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { TabLinks } from "@/components/ui/tab-links";
import { Table } from "@/components/ui/table";
import { getOverview } from "@/lib/dashboard/overview";
import { parseRange, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { getChecklist } from "@/lib/onboarding/service";

export const metadata: Metadata = { title: "Overview" };

const RANGE_LABELS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days" };
const NETWORK_STATES: Record<string, { tone: Tone; label: string }> = {
  ok: { tone: "green", label: "Up to date" },
  behind: { tone: "amber", label: "Catching up" },
  failing: { tone: "red", label: "Not readable" },
  starting: { tone: "neutral", label: "Starting" },
  off: { tone: "neutral", label: "Off" },
};

export default async function OverviewPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { merchant, mode } = await requireSession(params);
  const range = parseRange(await searchParams);
  const [overview, checklist] = await Promise.all([getOverview(merchant, mode, range), getChecklist(merchant.id)]);
  const { totals, unit, medianSecondsToPay: median, buckets } = overview;
  const base = dashboardPath(mode);
  const chartBuckets = buckets.map((bucket) => ({ ...bucket, at: bucket.at.toISOString() }));
  const shares = overview.byNetwork.map((entry) => ({
    ...entry,
    state: overview.networks.find((network) => network.network === entry.network),
  }));
  return (
    <>
      <PageHeader
        title="Overview"
        action={
          <Button variant="primary" asChild>
            <Link href={`${base}/invoices/new`}>
              <Plus aria-hidden="true" />
              New invoice
            </Link>
          </Button>
        }
      />
      <div className="flex flex-col gap-6">
        <Card title="What needs you">
          <AttentionList items={overview.attention} base={base} />
        </Card>
        {checklist && <Checklist state={checklist} mode={mode} />}
        <section aria-label={`The last ${RANGE_LABELS[range]}`} className="flex min-w-0 flex-col gap-4">
          <TabLinks
            label="Period"
            tabs={Object.entries(RANGE_LABELS).map(([value, label]) => ({
              href: withQuery(base, { range: value === "30d" ? null : value }),
              label,
              active: value === range,
            }))}
          />
          <Numbers
            items={[
              {
                label: "Paid",
                value: <Amount value={totals.volumeUsdt} />,
                note: `${count(totals.confirmed)} invoices`,
              },
              { label: "Created", value: count(totals.created), note: `${count(totals.pending)} still open` },
              {
                label: "Share that was paid",
                value: overview.paidPercent === null ? "–" : `${overview.paidPercent} %`,
                note: `Besides ${count(totals.expired)} expired, ${count(totals.cancelled)} cancelled`,
              },
              {
                label: "Median time to pay",
                value: median ? duration(median.seconds) : "–",
                note: median ? `of the latest ${count(median.of)} payments` : "No payment yet",
              },
            ]}
          />
          {shares.length > 0 && (
            <Table
              label="By network"
              rows={shares}
              rowKey={(row) => row.network}
              columns={[
                { header: "Network", cell: (row) => row.label },
                { header: "Paid", align: "right", cell: (row) => <Amount value={row.volumeUsdt} /> },
                { header: "Created", align: "right", cell: (row) => count(row.created) },
                { header: "Of them paid", align: "right", cell: (row) => count(row.confirmed) },
                {
                  header: "Network is",
                  cell: (row) => {
                    if (mode === "test") return <span className="text-muted">Simulated</span>;
                    const state = NETWORK_STATES[row.state?.status ?? "off"];
                    return <Badge tone={state?.tone}>{state?.label}</Badge>;
                  },
                },
                {
                  header: "Behind",
                  align: "right",
                  cell: (row) =>
                    mode === "test" || row.state?.secondsBehind == null ? (
                      <span className="text-muted">–</span>
                    ) : (
                      duration(row.state.secondsBehind)
                    ),
                },
              ]}
            />
          )}
          <div className="grid gap-4 lg:grid-cols-2">
            <Card title={`How much was paid each ${unit}?`} className="min-w-0">
              <VolumeChart buckets={chartBuckets} unit={unit} networks={overview.byNetwork} />
            </Card>
            <Card title="How many of the invoices were paid?" className="min-w-0">
              <CountChart buckets={chartBuckets} unit={unit} />
            </Card>
          </div>
          <p className="text-xs text-muted">
            Invoices count on the {unit} they were created{unit === "day" ? `, in ${overview.timeZone}` : ""}.
          </p>
        </section>
      </div>
    </>
  );
}

const count = (value: number) => value.toLocaleString("en-US");
