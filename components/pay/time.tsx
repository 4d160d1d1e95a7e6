/** A moment of the contract's form (`2024-01-15T14:30:00Z`) as people read it: `15 January 2024, 14:30 UTC`. */
export function Time({ value, withDate = true }: { value: string; withDate?: boolean }) {
  const text = new Date(value).toLocaleString("en-GB", {
    timeZone: "UTC",
    hour: "2-digit",
    minute: "2-digit",
    ...(withDate ? { day: "numeric", month: "long", year: "numeric" } : {}),
  });
  return <time dateTime={value}>{`${text.replace(" at ", ", ")} UTC`}</time>;
}
