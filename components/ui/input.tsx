import type { ComponentProps } from "react";
import { cn } from "./cn";

// 16 px on a phone: with less, Safari zooms in.
const BOX =
  "w-full rounded border border-line-strong bg-surface px-3 text-base text-ink placeholder:text-muted disabled:cursor-not-allowed disabled:bg-sunken aria-invalid:border-red sm:text-sm";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(BOX, "h-11 sm:h-9", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea rows={4} className={cn(BOX, "py-2 leading-5", className)} {...props} />;
}

/** The browser's own list: it works with every keyboard, screen reader and phone. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={cn(BOX, "h-11 cursor-pointer pr-8 sm:h-9", className)} {...props} />;
}

export function Checkbox({ className, ...props }: ComponentProps<"input">) {
  return <input type="checkbox" className={cn("size-4 shrink-0 cursor-pointer accent-accent", className)} {...props} />;
}
