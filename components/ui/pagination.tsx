import Link from "next/link";
import { Button } from "./button";

/** Newer and older; null where there is nothing that way. `summary` says what is shown ("1–20 of 143"). */
export function Pagination({
  newer,
  older,
  newerLabel = "Newer",
  summary,
}: {
  newer: string | null;
  /** "Newest" where it leads back to the first page. */
  newerLabel?: string;
  older: string | null;
  summary?: string;
}) {
  if (newer === null && older === null && !summary) return null;
  return (
    <nav aria-label="Pages" className="mt-3 flex items-center justify-between gap-4">
      <p className="text-sm text-muted">{summary}</p>
      <div className="flex gap-2">
        <Step href={newer} label={newerLabel} />
        <Step href={older} label="Older" />
      </div>
    </nav>
  );
}

function Step({ href, label }: { href: string | null; label: string }) {
  if (href === null) {
    return (
      <Button size="sm" disabled>
        {label}
      </Button>
    );
  }
  return (
    <Button size="sm" asChild>
      <Link href={href}>{label}</Link>
    </Button>
  );
}
