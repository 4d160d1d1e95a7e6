/** An amount with its unit smaller beside it. @param value four decimals, as the API prints it. */
export function Amount({ value, className }: { value: string; className?: string }) {
  return (
    <span className={`whitespace-nowrap ${className ?? ""}`}>
      {grouped(value)} <span className="text-[0.8em] text-muted">USDT</span>
    </span>
  );
}

/** Thousands apart: `1234567.5000` → `1,234,567.5000`. */
export const grouped = (value: string): string =>
  value.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
