"use client";

import { Toaster as Sonner } from "sonner";

/** Confirms what was done, for some seconds. Never carries an error alone. `toast("Saved")` from sonner shows one. */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      theme="system"
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-full items-center gap-2 rounded border border-line-strong bg-surface px-4 py-3 text-sm text-ink font-sans",
        },
      }}
    />
  );
}
