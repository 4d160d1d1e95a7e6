import type { ReactNode } from "react";

/** Where one is, and the one thing done there most. Every page begins with it. */
export function PageHeader({
  title,
  description,
  action,
}: {
  title: ReactNode;
  description?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="mb-6 flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-xl leading-8 font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {description && <p className="max-w-prose text-sm leading-5 text-muted">{description}</p>}
      </div>
      {action && <div className="flex flex-wrap gap-2">{action}</div>}
    </div>
  );
}
