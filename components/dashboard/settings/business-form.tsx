"use client";

import { toast } from "sonner";
import type { z } from "zod";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import type { Action } from "@/lib/auth/actions";
import { businessSchema } from "@/lib/settings/schema";
import { useActionForm } from "../use-action";
import { SaveForm } from "./save-form";

type Values = z.input<typeof businessSchema>;

export function BusinessForm({
  values,
  timeZones,
  action,
}: {
  values: Values;
  timeZones: string[];
  action: Action<Values, void>;
}) {
  const { register, errorOf, ...state } = useActionForm({
    action,
    schema: businessSchema,
    defaultValues: values,
    onDone: () => toast("The business settings were saved"),
  });
  return (
    <SaveForm {...state}>
      <Field label="Business name" hint="Customers see it on the pay page" error={errorOf("name")}>
        {(control) => <Input {...control} autoComplete="organization" {...register("name")} />}
      </Field>
      <Field label="Time zone" hint="The dashboard's times and days are shown in it" error={errorOf("timeZone")}>
        {(control) => (
          <Select {...control} {...register("timeZone")}>
            {timeZones.map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </Select>
        )}
      </Field>
    </SaveForm>
  );
}
