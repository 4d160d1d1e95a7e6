"use client";

import { useState } from "react";
import { toast } from "sonner";
import { useAction } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import type { Action } from "@/lib/auth/actions";

/** Calls an open invoice off, after asking. */
export function CancelInvoice({
  invoiceId,
  reference,
  cancel,
}: {
  invoiceId: string;
  reference: string;
  cancel: Action<{ invoiceId: string }, unknown>;
}) {
  const [open, setOpen] = useState(false);
  const { run, pending, problem, clear } = useAction(cancel);
  return (
    <>
      <Button
        variant="danger"
        onClick={() => {
          clear();
          setOpen(true);
        }}
      >
        Cancel invoice
      </Button>
      <Confirm
        title={`Cancel ${reference}?`}
        description="The customer can no longer pay it. A transfer that arrives all the same pays nothing by itself; it is kept as unmatched. Your webhook is told."
        confirm="Cancel invoice"
        danger
        open={open}
        onOpenChange={setOpen}
        pending={pending}
        problem={problem}
        onConfirm={() =>
          run({ invoiceId }, () => {
            setOpen(false);
            toast("Invoice cancelled");
          })
        }
      />
    </>
  );
}
