import type { ReactNode } from "react";
import { cn } from "./cn";

/** Nothing here yet: one sentence, one thing to do, and the line of code that would fill it. */
export function EmptyState({ children, action, code }: { children: ReactNode; action?: ReactNode; code?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-4 rounded border border-dashed border-line-strong px-6 py-12 text-center">
      <div className="max-w-prose text-sm leading-5 text-muted">{children}</div>
      {action}
      {code && <div className="w-full max-w-2xl text-left">{code}</div>}
    </div>
  );
}

/** What failed, what is safe, and how to try again. */
export function ErrorState({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div role="alert" className="rounded border border-red-line bg-red-fill px-5 py-6">
      <h2 className="text-base font-semibold text-red">{title}</h2>
      <div className="mt-1 max-w-prose text-sm leading-5 text-ink">{children}</div>
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}

/** Holds the room of what is loading. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cn("animate-pulse rounded bg-sunken", className)} />;
}
