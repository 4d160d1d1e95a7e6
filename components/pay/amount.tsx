/** The largest thing on the page: four decimals, the unit smaller. A long amount is set smaller, never cut. */
export function Amount({ value }: { value: string }) {
  return (
    <p className="flex flex-wrap items-baseline gap-x-2" dir="ltr">
      <span className={`font-semibold tracking-tight select-all ${value.length > 12 ? "text-3xl" : "text-4xl"}`}>
        {value}
      </span>
      <span className="text-lg font-medium text-muted">USDT</span>
    </p>
  );
}
