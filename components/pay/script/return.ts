/**
 * Once it is paid: back to the shop after a few visible seconds, unless that is stopped. Once a tab: who comes back with the back
 * button stays. The seconds count while the page is looked at.
 */
export function returnByItself(): void {
  const key = `returned ${location.pathname}`;
  const remembered = (): boolean => {
    try {
      return sessionStorage.getItem(key) !== null;
    } catch {
      return false;
    }
  };
  const remember = () => {
    try {
      sessionStorage.setItem(key, "yes");
    } catch {
      // A browser without storage: it will ask again.
    }
  };
  let timer: number | undefined;
  const stop = () => {
    clearInterval(timer);
    document.querySelector("[data-return-counting]")?.classList.add("invisible");
    document.querySelector("[data-return-stopped]")?.classList.remove("invisible");
  };
  const start = () => {
    clearInterval(timer);
    const row = document.querySelector<HTMLElement>("[data-return]");
    const link = document.querySelector<HTMLAnchorElement>("a#return");
    if (!row || !link) return;
    if (remembered()) return stop();
    let left = Number(row.dataset.return);
    timer = window.setInterval(() => {
      if (document.hidden) return;
      left--;
      const shown = row.querySelector("[data-return-seconds]");
      if (shown) shown.textContent = String(Math.max(0, left));
      if (left > 0) return;
      remember();
      stop();
      // In a shop's frame only the shop's page may go anywhere: the link does what it can.
      if (window.top === window) location.assign(link.href);
      else link.click();
    }, 1000);
  };
  const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (load?.type === "back_forward") remember();
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("#stay")) {
      remember();
      stop();
      document.getElementById("return")?.focus();
    }
    if (target.closest("a#return")) remember();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) stop();
  });
  document.addEventListener("pay:shown", start);
  start();
}
