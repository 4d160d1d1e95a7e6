"use client";

import { useState } from "react";
import type { z } from "zod";
import { Button } from "@/components/ui/button";
import { CopyLine } from "@/components/ui/copy";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { replaceKeySchema } from "@/lib/api-keys/schema";
import type { Action } from "@/lib/auth/actions";
import { usePageContext } from "../context";
import { GRACE_CHOICES } from "../grace";
import { useAction, useActionForm } from "../use-action";

type Props = {
  replaceKey: Action<z.input<typeof replaceKeySchema>, { key: string }>;
  markKeyCopied: Action<Record<string, never>, void>;
};

/** Replaces the mode's key: how long the old one still works, then the new one, shown once. */
export function ReplaceKey({ replaceKey, markKeyCopied }: Props) {
  const { mode } = usePageContext();
  const [open, setOpen] = useState(false);
  const [key, setKey] = useState<string | null>(null);
  const change = (next: boolean) => {
    setOpen(next);
    if (!next) setKey(null);
  };
  return (
    <Dialog
      title={key ? `Your new ${mode} key` : `Replace the ${mode} key`}
      description={
        key
          ? "It is shown this once. Put it where only your server can read it."
          : "A new key is made. Choose how long the old one goes on working."
      }
      open={open}
      onOpenChange={change}
      mustChoose={key !== null}
      trigger={<Button variant="primary">Replace the key</Button>}
    >
      {key ? (
        <NewKey value={key} markKeyCopied={markKeyCopied} onDone={() => change(false)} />
      ) : (
        <ReplaceForm replaceKey={replaceKey} onKey={setKey} />
      )}
    </Dialog>
  );
}

function ReplaceForm({ replaceKey, onKey }: { replaceKey: Props["replaceKey"]; onKey: (key: string) => void }) {
  const { register, submit, problem, errorOf, pending } = useActionForm({
    action: replaceKey,
    schema: replaceKeySchema,
    defaultValues: { grace: "86400" },
    onDone: ({ key }) => onKey(key),
  });
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {problem && <Notice tone="red">{problem}</Notice>}
      <Field
        label="The old key stops working"
        hint="At once, if anybody else may have it. Later, to change your servers without a gap"
        error={errorOf("grace")}
      >
        {(control) => (
          <Select {...control} {...register("grace")}>
            {GRACE_CHOICES.map(([seconds, label]) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Button type="submit" variant="primary" disabled={pending} className="sm:self-end">
        {pending ? "Replacing…" : "Replace the key"}
      </Button>
    </form>
  );
}

function NewKey({
  value,
  markKeyCopied,
  onDone,
}: {
  value: string;
  markKeyCopied: Props["markKeyCopied"];
  onDone: () => void;
}) {
  const copied = useAction(markKeyCopied);
  return (
    <div className="flex flex-col gap-4">
      <CopyLine text={value} what="the key" onCopied={() => copied.run({})} />
      <Button onClick={onDone} className="sm:self-end">
        I have stored it
      </Button>
    </div>
  );
}
