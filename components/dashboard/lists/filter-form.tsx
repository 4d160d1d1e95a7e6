"use client";

import { Search } from "lucide-react";
import { usePathname, useRouter } from "next/navigation";
import { type FormEvent, type ReactNode, useRef, useTransition } from "react";
import { Button } from "@/components/ui/button";
import { Input, Select } from "@/components/ui/input";

/**
 * The filters above a list. They live in the URL: submitting goes to the same page with them, and what is empty is left out. A
 * choice applies at once; without JavaScript the browser sends the form by itself.
 */
export function FilterForm({ label, active, children }: { label: string; active: boolean; children: ReactNode }) {
  const form = useRef<HTMLFormElement>(null);
  const pathname = usePathname();
  const router = useRouter();
  const [pending, startTransition] = useTransition();
  const apply = (event?: FormEvent) => {
    event?.preventDefault();
    if (!form.current) return;
    const entries = [...new FormData(form.current)].flatMap(([name, value]) =>
      typeof value === "string" && value.trim() !== "" ? [[name, value.trim()]] : [],
    );
    const query = new URLSearchParams(entries);
    startTransition(() => router.push(query.size > 0 ? `${pathname}?${query}` : pathname));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not known to all browsers yet.
    <form
      ref={form}
      role="search"
      aria-label={label}
      method="get"
      aria-busy={pending}
      className="mb-4 flex flex-wrap items-end gap-2"
      onSubmit={apply}
      onChange={(event) => {
        if (event.target instanceof HTMLSelectElement) apply();
      }}
    >
      {children}
      <Button type="submit" disabled={pending}>
        {pending ? "Searching" : "Search"}
      </Button>
      {active && (
        <Button variant="ghost" onClick={() => startTransition(() => router.push(pathname))}>
          Clear
        </Button>
      )}
    </form>
  );
}

/** What to look for, in words. */
export function FilterText({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <div className="relative w-full md:w-80">
      <Search
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
      />
      {/* A new key: after going back the field shows what the page does. */}
      <Input
        key={value}
        type="search"
        name={name}
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        className="pl-9"
      />
    </div>
  );
}

export function FilterSelect({
  name,
  label,
  value,
  all,
  options,
}: {
  name: string;
  label: string;
  value: string | undefined;
  /** What no choice is called. */
  all: string;
  options: { value: string; label: string }[];
}) {
  return (
    <Select
      key={value}
      name={name}
      aria-label={label}
      defaultValue={value ?? ""}
      className="w-auto min-w-0 flex-1 sm:flex-none"
    >
      <option value="">{all}</option>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </Select>
  );
}

/** From one day to another, both of them whole, in the merchant's time zone. */
export function FilterDays({ from, to }: { from: string | undefined; to: string | undefined }) {
  const field = (name: string, label: string, value: string | undefined) => (
    <label
      htmlFor={`filter-${name}`}
      className="flex items-center gap-2 text-sm text-muted [&>span]:w-10 sm:[&>span]:w-auto"
    >
      <span>{label}</span>
      <Input id={`filter-${name}`} key={value} type="date" name={name} defaultValue={value ?? ""} className="sm:w-38" />
    </label>
  );
  return (
    <div className="flex w-full flex-col gap-2 sm:w-auto sm:flex-row">
      {field("from", "From", from)}
      {field("to", "to", to)}
    </div>
  );
}
