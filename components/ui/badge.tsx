import { cva } from "class-variance-authority";
import type { ReactNode } from "react";

export type Tone = "neutral" | "amber" | "green" | "red";

const badge = cva(
  "inline-flex h-6 items-center gap-1.5 rounded-full border px-2 text-xs font-medium whitespace-nowrap",
  {
    variants: {
      tone: {
        neutral: "border-line bg-sunken text-muted",
        amber: "border-amber-line bg-amber-fill text-amber",
        green: "border-green-line bg-green-fill text-green",
        red: "border-red-line bg-red-fill text-red",
      },
    },
  },
);

/** A word with a tone: amber waiting and test, green confirmed, red failed, neutral the rest. The word alone must say it. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={badge({ tone })}>{children}</span>;
}

const STATUS_TONES: Record<string, Tone> = {
  pending: "amber",
  confirmed: "green",
  delivered: "green",
  failed: "red",
};

/** The state of an invoice or a delivery as a badge. */
export function Status({ status }: { status: string }) {
  return <Badge tone={STATUS_TONES[status] ?? "neutral"}>{status.charAt(0).toUpperCase() + status.slice(1)}</Badge>;
}
