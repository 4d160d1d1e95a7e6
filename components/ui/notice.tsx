import { cva } from "class-variance-authority";
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const ICONS = { neutral: Info, amber: TriangleAlert, red: CircleAlert, green: CircleCheck };

const box = cva(
  "flex gap-2 rounded border px-3 py-2.5 text-sm leading-5 [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0",
  {
    variants: {
      tone: {
        neutral: "border-line bg-sunken text-ink",
        amber: "border-amber-line bg-amber-fill text-amber",
        red: "border-red-line bg-red-fill text-red",
        green: "border-green-line bg-green-fill text-green",
      },
    },
  },
);

/** Something to know, where one is looking. Red ones are read aloud as they appear. */
export function Notice({ tone = "neutral", children }: { tone?: keyof typeof ICONS; children: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={box({ tone })} role={tone === "red" ? "alert" : undefined}>
      <Icon aria-hidden="true" />
      <div className="min-w-0">{children}</div>
    </div>
  );
}
