import type { ReactNode } from "react";
import { Time } from "@/components/dashboard/time";
import type { Tone } from "@/components/ui/badge";
import { cn } from "@/components/ui/cn";

export type TimelineItem = {
  key: string;
  at: Date;
  tone: Tone;
  title: ReactNode;
  detail?: ReactNode;
  future?: boolean;
};

const DOTS: Record<Tone, string> = {
  neutral: "border-line-strong bg-surface",
  amber: "border-amber bg-amber-fill",
  green: "border-green bg-green-fill",
  red: "border-red bg-red-fill",
};

/** What happened, the oldest first. */
export function Timeline({ items }: { items: TimelineItem[] }) {
  return (
    <ol className="relative">
      {items.map((item, index) => (
        <li key={item.key} className="relative flex gap-3 pb-5 last:pb-0">
          {index < items.length - 1 && (
            <span aria-hidden="true" className="absolute top-4 bottom-0 left-[5px] w-px bg-line" />
          )}
          <span
            aria-hidden="true"
            className={cn(
              "mt-1 size-[11px] shrink-0 rounded-full border-2",
              DOTS[item.tone],
              item.future && "border-dashed",
            )}
          />
          <div className="min-w-0 flex-1">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <p className="text-sm font-medium">{item.title}</p>
              <p className="text-xs text-muted">
                <Time at={item.at} />
              </p>
            </div>
            {item.detail && <div className="mt-0.5 text-sm leading-5 text-muted wrap-anywhere">{item.detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}
