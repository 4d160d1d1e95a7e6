import { Skeleton } from "@/components/ui/states";

/** Holds the room of a page: its header and a list. */
export default function Loading() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        Loading
      </p>
      <Skeleton className="mb-6 h-8 w-48" />
      <Skeleton className="h-96 w-full" />
    </div>
  );
}
