"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useState, useTransition } from "react";
import { type DefaultValues, type FieldValues, type Path, useForm } from "react-hook-form";
import type { z } from "zod";
import type { Action, ActionResult } from "@/lib/auth/actions";
import { usePageContext } from "./context";

const UNREACHABLE = "The server could not be reached. Nothing may have changed: check, then try again";

/** Calls an action for this page. @returns `run`, whether it is under way, and what went wrong the last time (or was found wrong before: `fail`). */
export function useAction<Input, Output>(action: Action<Input, Output>) {
  const { mode, merchantId } = usePageContext();
  const [problem, setProblem] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const run = (input: Input, onDone?: (data: Output) => void) =>
    startTransition(async () => {
      setProblem(null);
      const result = await call(() => action({ mode, merchantId }, input));
      if (result.ok) onDone?.(result.data);
      else setProblem(result.message);
    });
  return { run, pending, problem, fail: setProblem, clear: () => setProblem(null) };
}

/**
 * A form (react-hook-form) over an action, checked by the same schema here and on the server. Errors of a field stand at the
 * field; `problem` is for the whole form; `register` ties a control to a field.
 */
export function useActionForm<Input extends FieldValues, Output>({
  action,
  schema,
  defaultValues,
  onDone,
}: {
  action: Action<Input, Output>;
  schema: z.ZodType<unknown, Input>;
  defaultValues: DefaultValues<Input>;
  onDone?: (data: Output, input: Input) => unknown;
}) {
  const { mode, merchantId } = usePageContext();
  const [problem, setProblem] = useState<string | null>(null);
  const form = useForm<Input, unknown, unknown>({
    resolver: zodResolver<Input, unknown, unknown>(schema),
    defaultValues,
  });
  const submit = form.handleSubmit(async () => {
    setProblem(null);
    // As it was typed: the server parses it again.
    const input = form.getValues();
    const result = await call(() => action({ mode, merchantId }, input));
    if (result.ok) {
      await onDone?.(result.data, input);
      return;
    }
    const known = Object.entries(result.fields).filter(([name]) => name in input);
    for (const [name, message] of known) form.setError(name as Path<Input>, { message }, { shouldFocus: true });
    if (known.length === 0) setProblem(result.message);
  });
  const { errors, isSubmitting } = form.formState;
  const errorOf = (name: Path<Input>) => {
    const message = errors[name]?.message;
    return typeof message === "string" ? message : undefined;
  };
  // With its value in the first bytes of the page: react-hook-form alone sets it when the script has run.
  const register = (name: Path<Input>) => ({ ...form.register(name), defaultValue: valueAt(defaultValues, name) });
  return { form, register, submit, problem, errorOf, pending: isSubmitting };
}

function valueAt(values: object, name: string): string | undefined {
  const value: unknown = Object.entries(values).find(([key]) => key === name)?.[1];
  return value === undefined || value === null ? undefined : String(value);
}

/** A call that cannot reach the server becomes a result like any other. */
async function call<T>(start: () => Promise<ActionResult<T>>): Promise<ActionResult<T>> {
  try {
    return await start();
  } catch {
    return { ok: false, message: UNREACHABLE, fields: {} };
  }
}
