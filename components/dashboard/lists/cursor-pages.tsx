import Link from "next/link";
import { Time } from "@/components/dashboard/time";
import { Button } from "@/components/ui/button";

/** The way on in a list whose pages begin behind a row. `lookedBackTo`: a search that stopped before the page was full. */
export function CursorPages({
  newest,
  older,
  lookedBackTo,
}: {
  /** Null on the first page. */
  newest: string | null;
  older: string | null;
  lookedBackTo: Date | null;
}) {
  if (!newest && !older) return null;
  return (
    <nav aria-label="Pages" className="mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <p className="text-sm text-muted" role="status">
        {lookedBackTo && (
          <>
            Looked back to <Time at={lookedBackTo} exact />. There may be more before.
          </>
        )}
      </p>
      <div className="flex gap-2">
        {newest && (
          <Button size="sm" asChild>
            <Link href={newest}>Newest</Link>
          </Button>
        )}
        {older && (
          <Button size="sm" asChild>
            <Link href={older}>{lookedBackTo ? "Look further back" : "Older"}</Link>
          </Button>
        )}
      </div>
    </nav>
  );
}
