"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import Link from "next/link";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import type { z } from "zod";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action, ActionResult } from "@/lib/auth/actions";
import { registerSchema } from "@/lib/auth/schema";
import { type Keys, NewKeys } from "./new-keys";

type Registration = z.input<typeof registerSchema>;

/** Opens an account, logs in to it, and shows its keys this once. */
export function RegisterForm({
  register: open,
  markKeyCopied,
  appUrl,
}: {
  register: (input: Registration) => Promise<ActionResult<Keys>>;
  markKeyCopied: Action<Record<string, never>, void>;
  appUrl: string;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const [keys, setKeys] = useState<Keys | null>(null);
  const { register, handleSubmit, getValues, setError, formState } = useForm<Registration>({
    resolver: zodResolver(registerSchema),
    defaultValues: { name: "", email: "", password: "" },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async () => {
    setProblem(null);
    const values = getValues();
    const result = await open(values).catch(() => null);
    if (!result) return setProblem("The server could not be reached. Try again");
    if (!result.ok) {
      const fields = Object.entries(result.fields) as [keyof Registration, string][];
      for (const [name, message] of fields) setError(name, { message }, { shouldFocus: true });
      if (fields.length === 0) setProblem(result.message);
      return;
    }
    // The keys are shown whatever becomes of this: without a session the next page asks for the password.
    await signIn("credentials", { email: values.email, password: values.password, redirect: false }).catch(() => null);
    setKeys(result.data);
  });
  if (keys) return <NewKeys keys={keys} markKeyCopied={markKeyCopied} appUrl={appUrl} />;
  return (
    <>
      <h1 className="text-2xl font-semibold tracking-tight">Register</h1>
      <form onSubmit={submit} noValidate className="mt-6 flex flex-col gap-4">
        {problem && <Notice tone="red">{problem}</Notice>}
        <Field label="Business name" hint="Customers see it on the pay page" error={errors.name?.message}>
          {(control) => <Input {...control} autoComplete="organization" {...register("name")} />}
        </Field>
        <Field label="E-mail address" error={errors.email?.message}>
          {(control) => <Input {...control} type="email" autoComplete="username" {...register("email")} />}
        </Field>
        <Field label="Password" hint="At least 10 characters" error={errors.password?.message}>
          {(control) => <Input {...control} type="password" autoComplete="new-password" {...register("password")} />}
        </Field>
        <Button type="submit" variant="primary" disabled={isSubmitting} className="sm:h-11">
          {isSubmitting ? "Registering…" : "Register"}
        </Button>
      </form>
      <p className="mt-6 text-sm text-muted">
        Have an account?{" "}
        <Link href="/login" className="text-accent underline underline-offset-4">
          Log in
        </Link>
        .
      </p>
    </>
  );
}
