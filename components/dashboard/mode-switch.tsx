"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { cn } from "@/components/ui/cn";
import { MODES, type Mode } from "@/lib/mode";
import { inMode } from "./navigation";

const LABEL: Record<Mode, string> = { test: "Test", live: "Live" };

/** Test or live: two links, because the mode is part of every address. */
export function ModeSwitch({ mode }: { mode: Mode }) {
  const pathname = usePathname();
  return (
    <nav aria-label="Mode" className="grid grid-cols-2 gap-1 rounded border border-line bg-sunken p-1">
      {MODES.map((each) => (
        <Link
          key={each}
          href={inMode(pathname, each)}
          aria-current={each === mode ? "true" : undefined}
          className={cn(
            "flex h-9 items-center justify-center rounded text-sm sm:h-7",
            each !== mode && "text-muted hover:text-ink",
            each === mode && "border bg-surface font-medium",
            each === mode && (mode === "test" ? "border-amber-line bg-amber-fill text-amber" : "border-line-strong"),
          )}
        >
          {LABEL[each]}
        </Link>
      ))}
    </nav>
  );
}
