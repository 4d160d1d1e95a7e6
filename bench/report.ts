/** Figures and their printing, for every bench. */

/** One benchmark. Every option is a whole number with a default. */
export interface Bench {
  options: Record<string, number>;
  /** How it measures, in a line or two. */
  method: (options: Record<string, number>) => string;
  run: (options: Record<string, number>) => Promise<void>;
}

/** The value that a share (0–1) of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Prints rows under a head, columns aligned: the first to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const row of all) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("   ")}`.trimEnd());
  }
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : Math.round(value)} ms`;
export const ratio = (value: number): string => `${value.toFixed(2)} ×`;
export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
export const bytes = (value: number): string =>
  value < 10_000 ? `${whole(value)} B` : value < 10_000_000 ? `${whole(value / 1000)} kB` : `${whole(value / 1e6)} MB`;

/** Whether a goal was reached, in words. */
export function goal(text: string, reached: boolean): void {
  console.log(`  goal ${text}: ${reached ? "reached" : "MISSED"}`);
}
