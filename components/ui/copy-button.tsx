"use client";

import { useEffect, useState } from "react";
import { button } from "./button";
import { CheckIcon, CopyIcon } from "./icons";

type Result = "idle" | "copied" | "failed";

/** Copies `text` and says that it did. Both labels hold their room, so nothing moves. */
export function CopyButton({ text, label, copied }: { text: string; label: string; copied: string }) {
  const [result, setResult] = useState<Result>("idle");
  useEffect(() => {
    if (result === "idle") return;
    const timer = setTimeout(() => setResult("idle"), 2500);
    return () => clearTimeout(timer);
  }, [result]);
  const shown = (when: Result) =>
    `col-start-1 row-start-1 inline-flex items-center justify-center gap-2 ${result === when ? "" : "invisible"}`;
  return (
    <button
      type="button"
      className={`${button.secondary} needs-script w-full`}
      onClick={async () => setResult((await copyText(text)) ? "copied" : "failed")}
    >
      <span className="grid" aria-live="polite">
        <span className={shown("idle")}>
          <CopyIcon />
          {label}
        </span>
        <span className={`${shown("copied")} text-green`}>
          <CheckIcon />
          {copied}
        </span>
        <span className={shown("failed")}>Select and copy</span>
      </span>
    </button>
  );
}

/** Puts `text` on the clipboard. @returns false where the browser does not allow it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For pages without https and browsers inside apps, where the clipboard is closed. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.cssText = "position:fixed;top:0;opacity:0;font-size:16px";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
  }
}
