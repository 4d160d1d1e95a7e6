"use client";

import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

/** A list of things to do, opened by `trigger` (a button). */
export function Menu({
  trigger,
  align = "end",
  children,
}: {
  trigger: ReactNode;
  align?: "start" | "end";
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          className="z-50 min-w-44 rounded border border-line bg-surface p-1 text-sm text-ink"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem({
  danger = false,
  asChild,
  onSelect,
  children,
}: {
  danger?: boolean;
  asChild?: boolean;
  onSelect?: () => void;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      asChild={asChild}
      onSelect={onSelect}
      className={cn(
        "flex min-h-11 cursor-pointer items-center gap-2 rounded px-2 outline-none data-highlighted:bg-sunken sm:min-h-8 [&_svg]:size-4",
        danger && "text-red data-highlighted:bg-red-fill",
      )}
    >
      {children}
    </DropdownMenu.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1.5 text-sm text-muted">{children}</DropdownMenu.Label>;
}
