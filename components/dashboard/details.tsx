import type { ReactNode } from "react";

/** Names and what stands behind them; null is left out. */
export function Details({ items }: { items: [name: string, value: ReactNode][] }) {
  return (
    <dl className="divide-y divide-line text-sm">
      {items
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <div key={name} className="flex min-h-10 flex-wrap items-center justify-between gap-x-6 gap-y-1 py-1.5">
            <dt className="text-muted">{name}</dt>
            <dd className="min-w-0 text-right wrap-anywhere">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Text as it was sent: JSON, an answer's body. It scrolls by itself and can be reached by keyboard. */
export function Code({ label, children }: { label: string; children: string }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      className="max-h-96 overflow-auto rounded border border-line bg-sunken p-3"
    >
      <pre className="font-mono text-[13px] leading-5 whitespace-pre-wrap wrap-anywhere">{children}</pre>
    </section>
  );
}
