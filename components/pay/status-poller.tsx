"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

const POLL_MS = 3000;
const SLOWEST_POLL_MS = 30_000;
/** The minutes left are text of the server: fetched anew once a minute. */
const REFRESH_MS = 60_000;

/** What the page stands for: when the server's answer differs from it, the page is fetched again. */
export type Shown = { status: string; confirmations: number | null };

/**
 * Asks `…/status` and refreshes the page when something changed. It stops with the tab hidden and asks at once when it is
 * seen again; a failing server is asked less and less often.
 */
export function StatusPoller({ shown }: { shown: Shown }) {
  const router = useRouter();
  const { status, confirmations } = shown;
  useEffect(() => {
    const url = `${location.pathname.replace(/\/+$/, "")}/status`;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let delay = POLL_MS;
    let refreshedAt = Date.now();
    const poll = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      try {
        const response = await fetch(url, { cache: "no-store", signal: ended.signal });
        if (!response.ok) throw new Error(`status ${response.status}`);
        const now: { status: string; payment: { confirmations: number } | null } = await response.json();
        delay = POLL_MS;
        const changed = now.status !== status || (now.payment?.confirmations ?? null) !== confirmations;
        if (changed || Date.now() - refreshedAt >= REFRESH_MS) {
          refreshedAt = Date.now();
          router.refresh();
        }
      } catch {
        delay = Math.min(delay * 2, SLOWEST_POLL_MS);
      }
      // One that became visible meanwhile has its own timer: never two.
      clearTimeout(timer);
      if (!ended.signal.aborted) timer = setTimeout(poll, delay);
    };
    timer = setTimeout(poll, delay);
    document.addEventListener("visibilitychange", poll, { signal: ended.signal });
    addEventListener("online", poll, { signal: ended.signal });
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [router, status, confirmations]);
  return null;
}
