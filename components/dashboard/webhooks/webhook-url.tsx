"use client";

import { toast } from "sonner";
import type { z } from "zod";
import { useActionForm } from "@/components/dashboard/use-action";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Action } from "@/lib/auth/actions";
import { webhookUrlSchema } from "@/lib/webhooks/form";

/** Where webhooks go when an invoice names no URL of its own. */
export function WebhookUrl({
  url,
  save,
}: {
  url: string | null;
  save: Action<z.input<typeof webhookUrlSchema>, unknown>;
}) {
  const { form, submit, problem, errorOf, pending } = useActionForm({
    action: save,
    schema: webhookUrlSchema,
    defaultValues: { url: url ?? "" },
    onDone: (_data, input) => {
      form.reset(input);
      toast(input.url ? "Webhook URL saved" : "Webhooks go nowhere by default now");
    },
  });
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3">
      <Field
        label="Default URL"
        hint="For invoices that name no callbackUrl. The same in test and live mode; empty: nowhere."
        error={errorOf("url") ?? problem ?? undefined}
      >
        {(control) => (
          <Input
            {...control}
            {...form.register("url")}
            type="url"
            inputMode="url"
            autoComplete="off"
            placeholder="https://shop.example.com/webhooks/usdt"
          />
        )}
      </Field>
      <Button type="submit" disabled={pending || !form.formState.isDirty} className="self-start">
        {pending ? "Saving" : "Save"}
      </Button>
    </form>
  );
}
