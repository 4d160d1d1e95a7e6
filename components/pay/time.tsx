import { useFormatter } from "next-intl";

/**
 * A moment of the contract's form (`2024-01-15T14:30:00Z`) as people read it, in UTC: `15 January 2024 at 14:30 UTC`. The page's script
 * writes it in the visitor's own time.
 */
export function Time({ value, withDate = true }: { value: string; withDate?: boolean }) {
  const format = useFormatter();
  const text = format.dateTime(new Date(value), {
    timeZone: "UTC",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    ...(withDate ? { day: "numeric", month: "long", year: "numeric" } : {}),
  });
  return (
    <time
      dateTime={value}
      data-local={withDate ? "date" : "time"}
      className={withDate ? undefined : "whitespace-nowrap"}
    >
      {text}
    </time>
  );
}
