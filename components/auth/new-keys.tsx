"use client";

import Link from "next/link";
import { type ReactNode, useEffect } from "react";
import { firstCall } from "@/components/dashboard/first-call";
import { storeTestKey } from "@/components/site/test-key";
import { Button } from "@/components/ui/button";
import { CopyLine } from "@/components/ui/copy";
import type { Action } from "@/lib/auth/actions";

export type Keys = { merchantId: string; testKey: string; liveKey: string; webhookSecret: string };

/** The keys and the webhook secret of a new account, shown this once, and the first call with the test key in it. */
export function NewKeys({
  keys: { merchantId, testKey, liveKey, webhookSecret },
  markKeyCopied,
  appUrl,
}: {
  keys: Keys;
  markKeyCopied: Action<Record<string, never>, void>;
  appUrl: string;
}) {
  // In this tab the docs' examples carry it.
  useEffect(() => storeTestKey(testKey), [testKey]);
  // Only ticks a box of the checklist: nothing to tell where it fails.
  const onCopied = () => void markKeyCopied({ mode: "test", merchantId }, {}).catch(() => null);
  return (
    <div className="md:-mx-28">
      <h1 className="text-2xl font-semibold tracking-tight">Your keys</h1>
      <p className="mt-3 leading-6 text-muted">
        They are shown this once. Keep them where only your server can read them. A lost one can be replaced in the
        dashboard.
      </p>
      <dl className="mt-6 flex flex-col gap-4">
        <Secret name="Test API key" hint="No real money: try everything with it">
          <CopyLine text={testKey} what="the test API key" onCopied={onCopied} />
        </Secret>
        <Secret name="Live API key" hint="For real payments">
          <CopyLine text={liveKey} what="the live API key" onCopied={onCopied} />
        </Secret>
        <Secret name="Webhook secret" hint="Tells you that a webhook is from here">
          <CopyLine text={webhookSecret} what="the webhook secret" />
        </Secret>
        <Secret name="First call" hint="After you have added a wallet">
          <CopyLine text={firstCall(appUrl, testKey)} what="the command" onCopied={onCopied} />
        </Secret>
      </dl>
      <Button variant="primary" asChild className="mt-8 w-full sm:h-11 md:w-auto md:px-6">
        <Link href="/dashboard">Go to the dashboard</Link>
      </Button>
    </div>
  );
}

function Secret({ name, hint, children }: { name: string; hint: string; children: ReactNode }) {
  return (
    <div>
      <dt className="flex flex-wrap items-baseline gap-x-2 text-sm font-medium">
        {name} <span className="font-normal text-muted">{hint}</span>
      </dt>
      <dd className="mt-1.5">{children}</dd>
    </div>
  );
}
