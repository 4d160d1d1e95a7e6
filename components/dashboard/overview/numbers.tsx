import type { ReactNode } from "react";

/** The figures of a period side by side. */
export function Numbers({ items }: { items: { label: string; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded border border-line bg-line gap-px lg:grid-cols-4">
      {items.map(({ label, value, note }) => (
        <div key={label} className="flex min-w-0 flex-col bg-surface p-4">
          <dt className="text-sm text-muted">{label}</dt>
          <dd className="mt-1 text-xl leading-8 font-semibold tracking-tight wrap-anywhere">{value}</dd>
          {note && <dd className="text-xs leading-4 text-muted">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
