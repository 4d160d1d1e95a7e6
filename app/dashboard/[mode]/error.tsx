"use client";

import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/states";

/** A page of the dashboard that failed. Rendering only reads, so nothing was changed. */
export default function DashboardError({ error, retry }: { error: unknown; retry: () => void }) {
  const digest = error instanceof Error && "digest" in error ? String(error.digest) : null;
  return (
    <ErrorState title="This page could not be loaded" action={<Button onClick={() => retry()}>Try again</Button>}>
      <p>The fault is ours. Nothing was changed; invoices are still watched and webhooks are still sent.</p>
      {digest && <p>If it goes on, tell the operator the number {digest}.</p>}
    </ErrorState>
  );
}
