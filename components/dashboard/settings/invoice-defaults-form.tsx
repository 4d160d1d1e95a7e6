"use client";

import { toast } from "sonner";
import type { z } from "zod";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Action } from "@/lib/auth/actions";
import { invoiceDefaultsSchema } from "@/lib/settings/schema";
import { useActionForm } from "../use-action";
import { SaveForm } from "./save-form";

type Values = z.input<typeof invoiceDefaultsSchema>;

export function InvoiceDefaultsForm({
  values,
  action,
}: {
  values: { adjustmentLimitUsdt: string; expiryMinutes: number };
  action: Action<Values, void>;
}) {
  const { register, errorOf, ...state } = useActionForm({
    action,
    schema: invoiceDefaultsSchema,
    defaultValues: values,
    onDone: () => toast("The invoice settings were saved"),
  });
  return (
    <SaveForm {...state}>
      <Field
        label="Adjustment limit, USDT"
        hint="Open invoices of one wallet differ in their amounts. When an amount is taken, up to this much is added to it: 0.0500 lets 501 invoices of one amount be open at once, 0 adds nothing"
        error={errorOf("adjustmentLimitUsdt")}
      >
        {(control) => (
          <Input {...control} inputMode="decimal" className="sm:max-w-40" {...register("adjustmentLimitUsdt")} />
        )}
      </Field>
      <Field
        label="Time to pay, minutes"
        hint="From 5 to 120; an invoice made by the API may name its own"
        error={errorOf("expiryMinutes")}
      >
        {(control) => <Input {...control} inputMode="numeric" className="sm:max-w-40" {...register("expiryMinutes")} />}
      </Field>
    </SaveForm>
  );
}
