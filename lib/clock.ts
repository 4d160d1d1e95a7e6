/** ISO 8601 UTC to the second, as the contract prints times: `2024-01-15T14:30:00Z`. Fractions are cut, not rounded. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** The same, or null for null. */
export function formatTimeOrNull(time: Date | null): string | null {
  return time === null ? null : formatTime(time);
}

/** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
