"use client";

import { useState } from "react";
import { Time } from "@/components/dashboard/time";
import { useAction } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { CopyLine } from "@/components/ui/copy";
import { Confirm, Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";

const GRACES = [
  { seconds: 0, label: "It is dead at once" },
  { seconds: 3_600, label: "It signs for another hour" },
  { seconds: 86_400, label: "It signs for another day" },
  { seconds: 604_800, label: "It signs for another week" },
];

/** The secret that webhooks are signed with: never shown again after it was made, only replaced. */
export function WebhookSecret({
  graceUntil,
  rotate,
}: {
  /** Until when the previous secret signs too. */
  graceUntil: Date | null;
  rotate: Action<{ grace: number }, { webhookSecret: string }>;
}) {
  const [asking, setAsking] = useState(false);
  const [grace, setGrace] = useState(86_400);
  const [made, setMade] = useState<string | null>(null);
  const { run, pending, problem, clear } = useAction(rotate);
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm leading-5 text-muted">
        It begins with <code className="font-mono text-[13px]">whsec_</code> and was shown when it was made. We keep it
        encrypted; if you have lost it, make a new one.
      </p>
      {graceUntil && (
        <Notice tone="amber">
          The previous secret signs <code className="font-mono text-[13px]">webhook-signature</code> too, until{" "}
          <Time at={graceUntil} exact />.
        </Notice>
      )}
      <Button
        className="self-start"
        onClick={() => {
          clear();
          setAsking(true);
        }}
      >
        Make a new secret
      </Button>
      <Confirm
        title="Make a new webhook secret?"
        description="The new one signs from now on. X-Webhook-Signature carries only the new signature; webhook-signature carries both while the old secret lives."
        confirm="Make a new secret"
        open={asking}
        onOpenChange={setAsking}
        pending={pending}
        problem={problem}
        onConfirm={() =>
          run({ grace }, ({ webhookSecret }) => {
            setAsking(false);
            setMade(webhookSecret);
          })
        }
      >
        <Field label="The old secret">
          {(control) => (
            <Select {...control} value={grace} onChange={(event) => setGrace(Number(event.target.value))}>
              {GRACES.map(({ seconds, label }) => (
                <option key={seconds} value={seconds}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </Confirm>
      <Dialog
        title="Your new webhook secret"
        description="Copy it now: it is shown this once."
        mustChoose
        open={made !== null}
        onOpenChange={(open) => !open && setMade(null)}
      >
        {made && <CopyLine text={made} what="the secret" />}
        <Button variant="primary" className="mt-4 w-full" onClick={() => setMade(null)}>
          I have stored it
        </Button>
      </Dialog>
    </div>
  );
}
