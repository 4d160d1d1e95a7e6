"use client";

import { signIn } from "next-auth/react";
import { toast } from "sonner";
import type { z } from "zod";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Action } from "@/lib/auth/actions";
import { changePasswordSchema } from "@/lib/auth/schema";
import { useActionForm } from "../use-action";
import { SaveForm } from "./save-form";

type Values = z.input<typeof changePasswordSchema>;

export function PasswordForm({ email, action }: { email: string; action: Action<Values, void> }) {
  const { form, register, errorOf, ...state } = useActionForm({
    action,
    schema: changePasswordSchema,
    defaultValues: { password: "", newPassword: "" },
    onDone: async (_, { newPassword }) => {
      form.reset();
      // Every session has ended; this one begins anew.
      await signIn("credentials", { email, password: newPassword, redirect: false }).catch(() => null);
      toast("The password was changed; other sessions have ended");
    },
  });
  return (
    <SaveForm {...state} label="Change the password">
      <input type="hidden" autoComplete="username" defaultValue={email} />
      <Field label="Present password" error={errorOf("password")}>
        {(control) => <Input {...control} type="password" autoComplete="current-password" {...register("password")} />}
      </Field>
      <Field label="New password" hint="At least 10 characters" error={errorOf("newPassword")}>
        {(control) => <Input {...control} type="password" autoComplete="new-password" {...register("newPassword")} />}
      </Field>
    </SaveForm>
  );
}
