"use client";

import { useEffect, useState } from "react";
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { usePageContext } from "@/components/dashboard/context";
import { grouped } from "@/components/ui/amount";
import { cn } from "@/components/ui/cn";
import type { Network } from "@/lib/networks";

/** What one hour or day came to; amounts as text, `at` its start. */
export type ChartBucket = { at: string; created: number; confirmed: number; volumeUsdt: Record<Network, string> };

// One accent in steps, and a number beside each colour wherever one points.
const SHADES = [1, 0.55, 0.25];

type Series = { key: string; label: string; opacity: number };
type Row = { at: string; name: string; texts: Record<string, string>; [key: string]: unknown };

/** How much was paid in each hour or day, by network. */
export function VolumeChart({
  buckets,
  unit,
  networks,
}: {
  buckets: ChartBucket[];
  unit: "hour" | "day";
  networks: { network: Network; label: string }[];
}) {
  const name = useNames(unit);
  const rows = buckets.map((bucket) => ({
    at: bucket.at,
    name: name(bucket.at),
    // A number is only a bar's height here; what is read is the text.
    ...Object.fromEntries(networks.map(({ network }) => [network, Number(bucket.volumeUsdt[network])])),
    texts: Object.fromEntries(networks.map(({ network }) => [network, `${grouped(bucket.volumeUsdt[network])} USDT`])),
  }));
  const series = networks.map(({ network, label }, i) => ({ key: network, label, opacity: SHADES[i] ?? 0.25 }));
  return <Bars label={`Paid per ${unit}, in USDT`} rows={rows} series={series} stacked />;
}

/** How many invoices were created in each hour or day, and how many of them were paid. */
export function CountChart({ buckets, unit }: { buckets: ChartBucket[]; unit: "hour" | "day" }) {
  const name = useNames(unit);
  const rows = buckets.map((bucket) => ({
    at: bucket.at,
    name: name(bucket.at),
    confirmed: bucket.confirmed,
    others: bucket.created - bucket.confirmed,
    texts: { confirmed: String(bucket.confirmed), others: String(bucket.created - bucket.confirmed) },
  }));
  const series = [
    { key: "confirmed", label: "Paid", opacity: 1 },
    { key: "others", label: "Not paid", opacity: 0.25 },
  ];
  return <Bars label={`Invoices per ${unit}`} rows={rows} series={series} stacked />;
}

function useNames(unit: "hour" | "day") {
  const { timeZone } = usePageContext();
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    ...(unit === "hour" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" }),
  });
  return (at: string) => format.format(new Date(at));
}

function Bars({ label, rows, series, stacked }: { label: string; rows: Row[]; series: Series[]; stacked: boolean }) {
  // Drawn in the browser, where its width is known; the room is kept.
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  return (
    <div>
      <ul className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {series.map(({ key, label: text, opacity }) => (
          <li key={key} className="inline-flex items-center gap-1.5">
            <svg aria-hidden="true" width="10" height="10">
              <rect width="10" height="10" rx="2" fill="var(--accent)" fillOpacity={opacity} />
            </svg>
            {text}
          </li>
        ))}
      </ul>
      <div className="h-56 text-xs" aria-hidden="true">
        {mounted && (
          <ResponsiveContainer width="100%" height="100%">
            <BarChart data={rows} margin={{ top: 4, right: 0, bottom: 0, left: 0 }} accessibilityLayer={false}>
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis
                dataKey="name"
                tickLine={false}
                axisLine={{ stroke: "var(--line-strong)" }}
                tick={{ fill: "var(--muted)" }}
                minTickGap={24}
              />
              <YAxis
                width={44}
                tickLine={false}
                axisLine={false}
                tick={{ fill: "var(--muted)" }}
                tickFormatter={short}
                allowDecimals={false}
              />
              <Tooltip cursor={{ fill: "var(--sunken)" }} isAnimationActive={false} content={<Tip series={series} />} />
              {series.map(({ key, opacity }) => (
                <Bar
                  key={key}
                  dataKey={key}
                  stackId={stacked ? "all" : key}
                  fill="var(--accent)"
                  fillOpacity={opacity}
                  maxBarSize={28}
                  isAnimationActive={false}
                />
              ))}
            </BarChart>
          </ResponsiveContainer>
        )}
      </div>
      <details className="mt-2 text-sm">
        <summary className="cursor-pointer text-muted">The same in numbers</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <section aria-label={label} tabIndex={0} className="mt-2 max-h-64 overflow-auto rounded border border-line">
          <table className="w-full">
            <thead>
              <tr className="border-b border-line text-left text-xs text-muted">
                <th scope="col" className="px-3 py-2 font-medium">
                  Start
                </th>
                {series.map((one) => (
                  <th key={one.key} scope="col" className="px-3 py-2 text-right font-medium">
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.at} className="border-b border-line last:border-b-0">
                  <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                    {row.name}
                  </th>
                  {series.map((one) => (
                    <td key={one.key} className="px-3 py-1.5 text-right whitespace-nowrap">
                      {row.texts[one.key]}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </div>
  );
}

/** What is under the pointer. Recharts adds `active` and `payload`. */
function Tip({
  series,
  active,
  payload,
}: {
  series: Series[];
  active?: boolean;
  payload?: readonly { payload?: Row }[];
}) {
  const row = payload?.[0]?.payload;
  if (!active || !row) return null;
  return (
    <div className={cn("rounded border border-line-strong bg-surface px-3 py-2 text-xs leading-5")}>
      <p className="font-medium">{row.name}</p>
      {series.map(({ key, label }) => (
        <p key={key} className="flex justify-between gap-4">
          <span className="text-muted">{label}</span>
          <span>{row.texts[key]}</span>
        </p>
      ))}
    </div>
  );
}

const short = (value: number) =>
  new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
