"use client";

import { type ReactNode, useId } from "react";

type ControlProps = { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined };

/**
 * A label, its control, and below it a hint or in its place the field's error, tied together for screen readers:
 * `<Field label="Name" error={errors.name?.message}>{(control) => <Input {...control} {...register("name")} />}</Field>`
 */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  children: (control: ControlProps) => ReactNode;
}) {
  const id = useId();
  const below = error ? sentence(error) : hint;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({ id, "aria-invalid": Boolean(error), "aria-describedby": below ? `${id}-below` : undefined })}
      {below && (
        <p
          id={`${id}-below`}
          className={`text-sm ${error ? "text-red" : "text-muted"}`}
          role={error ? "alert" : undefined}
        >
          {below}
        </p>
      )}
    </div>
  );
}

/** Messages of schemas begin with the field's name, as the API says it. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
