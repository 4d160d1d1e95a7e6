import type { ReactNode } from "react";
import { cn } from "./cn";

/** A part of a page with a border, a title and perhaps one thing to do. */
export function Card({
  title,
  description,
  action,
  className,
  children,
}: {
  title?: ReactNode;
  description?: ReactNode;
  action?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={cn("rounded border border-line bg-surface p-4 sm:p-5", className)}>
      {title && (
        <div className="mb-4 flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0">
            <h2 className="text-base leading-6 font-semibold">{title}</h2>
            {description && <p className="mt-0.5 text-sm leading-5 text-muted">{description}</p>}
          </div>
          {action}
        </div>
      )}
      {children}
    </section>
  );
}
