"use client";

import { useId, useRef } from "react";
import { toast } from "sonner";
import type { z } from "zod";
import { Button } from "@/components/ui/button";
import type { Action } from "@/lib/auth/actions";
import { logoSchema } from "@/lib/settings/schema";
import { useAction } from "../use-action";

type Props = {
  logo: string | null;
  changeLogo: Action<z.input<typeof logoSchema>, void>;
  removeLogo: Action<Record<string, never>, void>;
};

/** The logo: stored as soon as a file is chosen. */
export function LogoForm({ logo, changeLogo, removeLogo }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const change = useAction(changeLogo);
  const removal = useAction(removeLogo);
  const choose = (file: File | undefined) => {
    removal.clear();
    const parsed = logoSchema.safeParse({ file });
    if (parsed.success) change.run({ file: parsed.data.file }, () => toast("The logo was saved"));
    else change.fail(parsed.error.issues[0]?.message ?? "Choose a picture");
    // The same file may be chosen again.
    if (input.current) input.current.value = "";
  };
  const problem = change.problem ?? removal.problem;
  return (
    <div className="mb-4 flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        Logo
      </label>
      <div className="flex flex-wrap items-center gap-3">
        <div className="flex size-14 items-center justify-center rounded border border-line bg-sunken">
          {logo ? (
            // biome-ignore lint/performance/noImgElement: a data URL has nothing to be optimised.
            <img src={logo} alt="Your logo" className="size-12 object-contain" />
          ) : (
            <span className="text-xs text-muted">None</span>
          )}
        </div>
        <input
          id={id}
          ref={input}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          className="sr-only"
          aria-describedby={`${id}-below`}
          onChange={(event) => choose(event.target.files?.[0])}
        />
        <Button disabled={change.pending} onClick={() => input.current?.click()}>
          {change.pending ? "Saving…" : logo ? "Replace the logo" : "Choose a logo"}
        </Button>
        {logo && (
          <Button
            variant="ghost"
            disabled={removal.pending}
            onClick={() => removal.run({}, () => toast("The logo was removed"))}
          >
            Remove
          </Button>
        )}
      </div>
      <p
        id={`${id}-below`}
        role={problem ? "alert" : undefined}
        className={`text-sm ${problem ? "text-red" : "text-muted"}`}
      >
        {problem ?? "PNG, JPEG or WebP, at most 256 KB"}
      </p>
    </div>
  );
}
