"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Renders the page anew every few seconds while something on it is under way and somebody looks. */
export function Refresher({ everyMs = 3_000 }: { everyMs?: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [router, everyMs]);
  return null;
}
