import { Check } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { cn } from "@/components/ui/cn";
import { CopyLine } from "@/components/ui/copy";
import type { Mode } from "@/lib/mode";
import type { Checklist as State } from "@/lib/onboarding/checklist";
import { firstCall } from "./first-call";
import { dashboardPath } from "./navigation";

/**
 * The first steps of a new account; each is ticked by its having happened. Render it where `getChecklist(merchant.id)`
 * (lib/onboarding) is not null.
 */
export function Checklist({ state, mode }: { state: State; mode: Mode }) {
  const { keyCopied, walletAdded, firstCall: called, webhookAnswered, appUrl, testKeyPrefix } = state;
  const done = [keyCopied, walletAdded, called, webhookAnswered].filter(Boolean).length;
  const link = (path: string, text: string) => (
    <Link href={dashboardPath(mode, path)} className="text-accent underline underline-offset-4">
      {text}
    </Link>
  );
  return (
    <Card title="First steps" description={`${done} of 4 done. Each is ticked when it has happened.`}>
      <ol className="flex flex-col gap-4">
        <Step done={keyCopied} title="Copy an API key">
          Keys are shown once, when they are made. {link("/developers/keys", "Replace the key")} if you have not kept
          it.
        </Step>
        <Step done={walletAdded} title="Add a wallet">
          It is where customers pay you. {link("/wallets", "Add a wallet")}
        </Step>
        <Step done={called} title="Make the first call">
          <p>Put your test key in place of {testKeyPrefix}…</p>
          <div className="mt-2 max-w-2xl">
            <CopyLine text={firstCall(appUrl, `${testKeyPrefix}…`)} what="the command" />
          </div>
        </Step>
        <Step done={webhookAnswered} title="Answer a webhook">
          {link("/developers/webhooks", "Set the URL")} where your server hears of payments, then pay or cancel a test
          invoice. Answering with any 2xx status does it.
        </Step>
      </ol>
    </Card>
  );
}

/** A step, with what to do while it is not done. */
function Step({ done, title, children }: { done: boolean; title: string; children: ReactNode }) {
  return (
    <li className="flex gap-3 text-sm leading-5">
      <span
        className={cn(
          "flex size-5 shrink-0 items-center justify-center rounded-full border",
          done ? "border-green-line bg-green-fill text-green" : "border-line-strong",
        )}
      >
        {done && <Check aria-hidden="true" className="size-3.5" />}
      </span>
      <div className="min-w-0 flex-1">
        <p className={cn("font-medium", done && "text-muted")}>
          {title}
          <span className="sr-only">{done ? ": done" : ": to do"}</span>
        </p>
        {!done && <div className="mt-0.5 text-muted">{children}</div>}
      </div>
    </li>
  );
}
