"use client";

import { useState } from "react";
import { toast } from "sonner";
import { useAction } from "@/components/dashboard/use-action";
import { Amount } from "@/components/ui/amount";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Action } from "@/lib/auth/actions";

/** Lets an unmatched transfer pay an invoice: one window, the likely invoice filled in. */
export function AcceptTransfer({
  transferId,
  amountUsdt,
  likelyReference,
  accept,
}: {
  transferId: string;
  amountUsdt: string;
  likelyReference: string | null;
  accept: Action<{ transferId: string; reference: string }, { invoiceId: string }>;
}) {
  const [open, setOpen] = useState(false);
  const [reference, setReference] = useState(likelyReference ?? "");
  const { run, pending, problem, clear } = useAction(accept);
  return (
    <>
      <Button
        size="sm"
        className="relative z-10"
        onClick={() => {
          clear();
          setOpen(true);
        }}
      >
        Accept
      </Button>
      <Confirm
        title="Accept this transfer as a payment?"
        description={
          <>
            <Amount value={amountUsdt} /> arrived and pays nothing yet. The invoice that you name becomes confirmed,
            your webhook says <code className="font-mono text-[13px]">"resolution": "manual"</code>, and the audit log
            keeps who did it. This cannot be undone.
          </>
        }
        confirm="Accept transfer"
        open={open}
        onOpenChange={setOpen}
        pending={pending}
        problem={problem}
        onConfirm={() =>
          run({ transferId, reference }, () => {
            setOpen(false);
            toast(`Accepted for ${reference}`);
          })
        }
      >
        <Field
          label="Invoice"
          hint={
            likelyReference ? "The likely one is filled in." : "Its reference. A pending, expired or cancelled one."
          }
        >
          {(control) => (
            <Input
              {...control}
              value={reference}
              onChange={(event) => setReference(event.target.value)}
              autoComplete="off"
            />
          )}
        </Field>
      </Confirm>
    </>
  );
}
