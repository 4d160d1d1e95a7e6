"use client";

import { toast } from "sonner";
import type { z } from "zod";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Action } from "@/lib/auth/actions";
import { accentOf, contrast } from "@/lib/pay/accent";
import { payPageSchema } from "@/lib/settings/schema";
import { useActionForm } from "../use-action";
import { SaveForm } from "./save-form";

type Values = z.input<typeof payPageSchema>;

/** The pay page's own surfaces (app/globals.css): what the accent has to be told from. */
const SURFACES = [
  ["light", "#ffffff"],
  ["dark", "#161618"],
] as const;
/** WCAG 2.2, 1.4.11: a control's colour against what is beside it. */
const ENOUGH = 3;

export function PayPageForm({
  merchantName,
  logo,
  values,
  action,
}: {
  merchantName: string;
  logo: string | null;
  values: Values;
  action: Action<Values, void>;
}) {
  const { form, register, errorOf, ...state } = useActionForm({
    action,
    schema: payPageSchema,
    defaultValues: values,
    onDone: () => toast("The pay page settings were saved"),
  });
  const color = form.watch("accentColor").trim().toLowerCase();
  const known = /^#[0-9a-f]{6}$/.test(color) ? color : null;
  const weak = known ? SURFACES.filter(([, surface]) => contrast(known, surface) < ENOUGH).map(([theme]) => theme) : [];
  return (
    <SaveForm {...state}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Accent colour" hint="Of buttons on the pay page; empty: ours" error={errorOf("accentColor")}>
          {(control) => (
            <div className="flex gap-2">
              <input
                type="color"
                aria-label="Choose the accent colour"
                className="h-11 w-12 shrink-0 cursor-pointer rounded border border-line-strong bg-surface p-1 sm:h-9"
                value={known ?? "#1f4fd8"}
                onChange={(event) => form.setValue("accentColor", event.target.value, { shouldValidate: true })}
              />
              <Input {...control} placeholder="#1f4fd8" className="font-mono" {...register("accentColor")} />
            </div>
          )}
        </Field>
        <Preview merchantName={merchantName} logo={logo} color={known} />
      </div>
      {weak.length > 0 && (
        <Notice tone="amber">
          This colour is hard to see on the pay page’s {weak.join(" and ")} background. Text on it stays readable: it is
          black or white, whichever is read best.
        </Notice>
      )}
      <Field
        label="Sites that may show the pay page in a frame"
        hint="One a line, such as https://shop.example. None: nobody may"
        error={errorOf("frameOrigins")}
      >
        {(control) => (
          <Textarea {...control} rows={3} className="font-mono" spellCheck={false} {...register("frameOrigins")} />
        )}
      </Field>
    </SaveForm>
  );
}

/** The top of a pay page and its button, as they will look. */
function Preview({ merchantName, logo, color }: { merchantName: string; logo: string | null; color: string | null }) {
  const accent = accentOf(color);
  return (
    <figure className="flex flex-col gap-1.5">
      <figcaption className="text-sm font-medium">Preview</figcaption>
      <div className="flex flex-col gap-3 rounded border border-line bg-canvas p-3">
        <p className="flex min-w-0 items-center gap-2 text-sm font-medium">
          {logo && (
            // biome-ignore lint/performance/noImgElement: a data URL has nothing to be optimised.
            <img src={logo} alt="" className="size-6 rounded object-contain" />
          )}
          <span className="truncate">{merchantName}</span>
        </p>
        <span
          className="flex h-9 items-center justify-center rounded bg-accent text-sm font-medium text-accent-ink"
          style={accent ? { backgroundColor: accent.color, color: accent.ink } : undefined}
        >
          Copy the amount
        </span>
      </div>
    </figure>
  );
}
