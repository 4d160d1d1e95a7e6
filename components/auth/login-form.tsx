"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useRouter } from "next/navigation";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { loginSchema } from "@/lib/auth/schema";

/** What next-auth calls a name and password that do not fit. */
const WRONG = "CredentialsSignin";

export function LoginForm() {
  const router = useRouter();
  const [problem, setProblem] = useState<string | null>(null);
  const { register, handleSubmit, formState } = useForm({
    resolver: zodResolver(loginSchema),
    defaultValues: { email: "", password: "" },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (values) => {
    setProblem(null);
    const result = await signIn("credentials", { ...values, redirect: false }).catch(() => undefined);
    if (result?.ok) return router.push("/dashboard");
    if (!result) setProblem("The server could not be reached. Try again");
    else setProblem(result.error === WRONG ? "The e-mail address or the password is wrong" : (result.error ?? ""));
  });
  return (
    <form onSubmit={submit} noValidate className="mt-6 flex flex-col gap-4">
      {problem && <Notice tone="red">{problem}</Notice>}
      <Field label="E-mail address" error={errors.email?.message}>
        {(control) => <Input {...control} type="email" autoComplete="username" {...register("email")} />}
      </Field>
      <Field label="Password" error={errors.password?.message}>
        {(control) => <Input {...control} type="password" autoComplete="current-password" {...register("password")} />}
      </Field>
      <Button type="submit" variant="primary" disabled={isSubmitting} className="sm:h-11">
        {isSubmitting ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}
