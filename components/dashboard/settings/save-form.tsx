import type { FormEventHandler, ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";

/** A form of settings with its button below. */
export function SaveForm({
  submit,
  problem,
  pending,
  label = "Save",
  children,
}: {
  submit: FormEventHandler;
  problem: string | null;
  pending: boolean;
  label?: string;
  children: ReactNode;
}) {
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {problem && <Notice tone="red">{problem}</Notice>}
      {children}
      <Button type="submit" disabled={pending} className="sm:self-start">
        {pending ? "Saving…" : label}
      </Button>
    </form>
  );
}
