"use client";

import { toast } from "sonner";
import { useAction } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import type { Action } from "@/lib/auth/actions";

/** Sends a delivery again. Harmless: the id and the bytes are the same, and receivers know to take them once. */
export function Resend({
  deliveryId,
  resend,
}: {
  deliveryId: string;
  resend: Action<{ deliveryId: string }, unknown>;
}) {
  const { run, pending, problem } = useAction(resend);
  return (
    <div className="flex flex-col items-end gap-1">
      <Button variant="primary" disabled={pending} onClick={() => run({ deliveryId }, () => toast("On its way again"))}>
        {pending ? "Sending" : "Send again"}
      </Button>
      {problem && (
        <p role="alert" className="text-sm text-red">
          {problem}
        </p>
      )}
    </div>
  );
}
