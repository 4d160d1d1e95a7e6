import Link from "next/link";
import { cn } from "./cn";

/** Views of one thing, each with its own address. */
export function TabLinks({
  label,
  tabs,
}: {
  label: string;
  tabs: { href: string; label: string; active: boolean; count?: number }[];
}) {
  return (
    <nav aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          aria-current={tab.active ? "page" : undefined}
          className={cn(
            "flex h-11 shrink-0 items-center gap-1.5 border-b-2 px-3 text-sm sm:h-9",
            tab.active ? "border-accent font-medium text-ink" : "border-transparent text-muted hover:text-ink",
          )}
        >
          {tab.label}
          {tab.count !== undefined && <span className="text-muted">{tab.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
