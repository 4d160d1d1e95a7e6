/**
 * Keeps the page true: it listens to `…/events`, asks `…/status` where that is not to be had, and puts the new page in the old one's place
 * when the version differs. Nothing else is decided here: what a page shows, the server says.
 */
export function live(): void {
  const POLL_MS = 3000;
  const SLOWEST_MS = 30_000;
  /** Of a page whose invoice is closed: a late transfer is told too. */
  const AFTERWARDS_MS = 20_000;
  const path = location.pathname.replace(/\/+$/, "");
  const page = () => document.getElementById("pay");
  const tell = (name: string, detail?: unknown) => document.dispatchEvent(new CustomEvent(name, { detail }));
  type Status = { version: string; serverTime: string; expiresAt: string };

  let source: EventSource | undefined;
  let timer: number | undefined;
  let delay = POLL_MS;
  let checking = false;
  let renewing = false;
  const until = Date.now() + 3_600_000;

  const connected = (yes: boolean) => {
    const bar = document.getElementById("pay-offline");
    if (bar) bar.hidden = yes;
  };

  const renew = async () => {
    if (renewing) return;
    renewing = true;
    try {
      const response = await fetch(location.href, { headers: { "x-pay-refresh": "1" }, cache: "no-store" });
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = next.getElementById("pay");
      const old = page();
      if (!response.ok || !fresh || !old) throw new Error("no page");
      const focused = document.activeElement?.id;
      const before = old.dataset.said;
      old.replaceWith(fresh);
      document.title = next.title;
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
      tell("pay:shown");
      const said = document.getElementById("pay-said");
      if (said && fresh.dataset.said !== before) {
        said.textContent = fresh.dataset.said ?? "";
        // What there is to know now stands at the top.
        if (!focused) scrollTo({ top: 0 });
      }
    } catch {
      later();
    } finally {
      renewing = false;
    }
  };

  const take = (status: Status) => {
    connected(true);
    delay = POLL_MS;
    tell("pay:time", status);
    if (status.version !== page()?.dataset.version) void renew().then(settle);
  };

  const check = async () => {
    clearTimeout(timer);
    if (checking) return;
    checking = true;
    try {
      const response = await fetch(`${path}/status`, { cache: "no-store" });
      if (!response.ok) throw new Error(String(response.status));
      take((await response.json()) as Status);
    } catch {
      connected(false);
      delay = Math.min(delay * 2, SLOWEST_MS);
    } finally {
      checking = false;
      later();
    }
  };

  /** Asks again, where no stream tells by itself. */
  const later = () => {
    clearTimeout(timer);
    if (source?.readyState === EventSource.OPEN) return;
    const final = page()?.dataset.final !== undefined;
    if (final && (page()?.dataset.state === "confirmed" || Date.now() > until)) return;
    timer = window.setTimeout(() => (document.hidden ? later() : void check()), final ? AFTERWARDS_MS : delay);
    if (!final && (!source || source.readyState === EventSource.CLOSED)) listen();
  };

  let listenedAt = Number.NEGATIVE_INFINITY;
  const listen = () => {
    if (!("EventSource" in window) || performance.now() - listenedAt < SLOWEST_MS) return;
    listenedAt = performance.now();
    source?.close();
    source = new EventSource(`${path}/events`);
    source.onopen = () => {
      connected(true);
      clearTimeout(timer);
    };
    source.onmessage = (event) => take(JSON.parse(event.data) as Status);
    // The browser comes back by itself, unless it was refused; meanwhile the status is asked.
    source.onerror = later;
  };

  /** Nothing more comes by itself: the stream is let go. */
  const settle = () => {
    if (page()?.dataset.final === undefined) return;
    source?.close();
    source = undefined;
    later();
  };

  document.addEventListener("pay:check", () => void check());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void check();
  });
  addEventListener("online", () => void check());
  addEventListener("offline", () => connected(false));
  addEventListener("pageshow", (event) => {
    if (event.persisted) void check();
  });
  addEventListener("pagehide", () => source?.close());
  if (page()) {
    if (page()?.dataset.final === undefined) listen();
    later();
  }
}
