"use client";

import { button } from "@/components/ui/button";
import { Message } from "@/components/ui/message";

/** A page that failed. Rendering only reads, so nothing was lost. */
export default function ErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : null;
  return (
    <Message
      title="This page could not be loaded"
      action={
        <button type="button" className={button.primary} onClick={() => retry()}>
          Try again
        </button>
      }
    >
      <p>The fault is ours. Nothing was changed: a payment you sent is on the network and will be counted.</p>
      {digest && <p className="text-sm">If it goes on, report the number {digest}.</p>}
    </Message>
  );
}
