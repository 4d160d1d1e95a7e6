import { db, isDatabaseUnavailable } from "@/db/client";
import { listPayInvoices } from "@/db/queries/pay";
import { onNudge } from "@/lib/jobs/nudge";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import { onShutdown } from "@/lib/shutdown";
import { isFinal, type PayStatus, payStatus } from "./view";

/**
 * Feeds every open event stream of this process: one query a second reads all their invoices at once, whatever their number,
 * and nothing is asked while nobody watches. Polling, because a listening connection does not survive a transaction pooler and
 * a change may be made by any server; what this process settles itself is looked at at once.
 */

const POLL_MS = 1000;
/** After a nudge: several changes of one commit are read together. */
const NUDGE_MS = 50;
const BEAT_MS = 15_000;
const MAX_WATCHERS = 10_000;

export type Watcher = {
  /** What it was told last. */
  version: string;
  changed: (status: PayStatus, isLast: boolean) => void;
  /** From time to time, so that neither side takes the silence for a broken connection. */
  beat: () => void;
  /** The process ends. */
  end: () => void;
};

export class LivePages {
  private readonly watchers = new Map<string, Set<Watcher>>();
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private beats: NodeJS.Timeout | undefined;
  private polling = false;
  private again = false;
  private failures = 0;
  /** How many queries were made, for the bench and tests. */
  queries = 0;

  /** @returns a function that stops watching; null where too many watch already. */
  watch(invoiceId: string, watcher: Watcher): (() => void) | null {
    if (this.count >= MAX_WATCHERS) return null;
    const watchers = this.watchers.get(invoiceId) ?? new Set();
    this.watchers.set(invoiceId, watchers.add(watcher));
    this.count++;
    this.schedule(POLL_MS);
    this.beats ??= setInterval(() => this.each((entry) => entry.beat()), BEAT_MS).unref();
    return () => {
      if (!watchers.delete(watcher)) return;
      this.count--;
      if (watchers.size === 0) this.watchers.delete(invoiceId);
      if (this.count > 0) return;
      clearTimeout(this.timer);
      clearInterval(this.beats);
      this.timer = undefined;
      this.beats = undefined;
    };
  }

  get size(): number {
    return this.count;
  }

  /** Something was settled in this process. */
  nudge(): void {
    if (this.count === 0) return;
    if (this.polling) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule(NUDGE_MS);
  }

  /** Ends every stream. */
  endAll(): void {
    this.each((watcher) => watcher.end());
  }

  private each(run: (watcher: Watcher) => void): void {
    for (const watchers of [...this.watchers.values()]) for (const watcher of [...watchers]) run(watcher);
  }

  private schedule(afterMs: number): void {
    if (this.timer || this.polling || this.count === 0) return;
    this.timer = setTimeout(() => void this.poll(), afterMs).unref();
  }

  private async poll(): Promise<void> {
    this.timer = undefined;
    this.polling = true;
    this.again = false;
    try {
      this.queries++;
      metrics().payPolls.inc();
      const found = await listPayInvoices(db(), [...this.watchers.keys()]);
      const now = new Date();
      for (const invoice of found) {
        const status = payStatus(invoice, now);
        for (const watcher of [...(this.watchers.get(invoice.id) ?? [])]) {
          if (watcher.version === status.version) continue;
          watcher.version = status.version;
          watcher.changed(status, isFinal(invoice));
        }
      }
      this.failures = 0;
    } catch (error) {
      // Pages keep what they show, and are told when the database is back.
      if (this.failures++ === 0) {
        const level = isDatabaseUnavailable(error) ? "warn" : "error";
        log[level]({ err: error }, "open pay pages could not be looked after");
      }
    } finally {
      this.polling = false;
      this.schedule(this.again ? NUDGE_MS : POLL_MS * Math.min(10, 1 + this.failures));
    }
  }
}

const KEY = Symbol.for("usdt-gateway.live-pages");
const store = globalThis as unknown as Record<symbol, LivePages | undefined>;

/** The process's one. */
export function livePages(): LivePages {
  const known = store[KEY];
  if (known) return known;
  const live = new LivePages();
  store[KEY] = live;
  for (const what of ["deliver", "sandbox"] as const) onNudge(what, () => live.nudge());
  onShutdown("open pay pages", async () => live.endAll());
  return live;
}
