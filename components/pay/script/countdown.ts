/**
 * The time left, by the server's clock: it says how many seconds there are, and only their passing is measured here. The visitor's
 * clock may be wrong by years.
 */
export function countdown(): void {
  const page = () => document.getElementById("pay");
  const now = () => performance.now();
  let endsAt = 0;
  let last = { steady: now(), wall: Date.now() };
  let saidAt = Number.POSITIVE_INFINITY;

  const start = () => {
    const seconds = page()?.dataset.secondsLeft;
    if (seconds !== undefined) endsAt = now() + Number(seconds) * 1000;
  };
  const show = () => {
    const clock = document.querySelector<HTMLElement>("[data-countdown]");
    // Timers stand still while a computer sleeps: when wall time ran on alone, the server is asked what it is.
    const slept = Date.now() - last.wall - (now() - last.steady);
    last = { steady: now(), wall: Date.now() };
    if (Math.abs(slept) > 3000) document.dispatchEvent(new CustomEvent("pay:check"));
    if (!clock) return;
    const left = Math.max(0, Math.ceil((endsAt - now()) / 1000));
    const pad = (value: number) => String(value).padStart(2, "0");
    const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    clock.textContent = hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
    for (const [at, text] of [
      [300, clock.dataset.five],
      [60, clock.dataset.one],
    ] as const) {
      if (left > at || left < at - 5 || saidAt <= at) continue;
      saidAt = at;
      const said = document.getElementById("pay-said");
      if (said) said.textContent = text ?? "";
    }
    if (left === 0) document.dispatchEvent(new CustomEvent("pay:check"));
  };

  start();
  // What passed since the server counted, on a slow line.
  const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (load && load.responseStart > 0) endsAt -= Math.min(30_000, now() - load.responseStart);
  show();
  setInterval(show, 1000);
  document.addEventListener("pay:shown", () => {
    start();
    show();
  });
  document.addEventListener("pay:time", (event) => {
    const { serverTime, expiresAt } = (event as CustomEvent<{ serverTime: string; expiresAt: string }>).detail;
    endsAt = now() + Date.parse(expiresAt) - Date.parse(serverTime);
    show();
  });
}
