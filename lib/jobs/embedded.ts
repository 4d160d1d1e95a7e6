import { randomUUID } from "node:crypto";
import { isDatabaseUnavailable, reasonOf } from "@/db/client";
import { sleep } from "@/lib/clock";
import { log } from "@/lib/log";
import { onShutdown } from "@/lib/shutdown";
import { createJobs, type Job } from "./jobs";
import { onNudge } from "./nudge";
import type { EngineReport } from "./report";

/** The engine that runs the jobs inside the server's process: a loop for each. */

type JobState = {
  name: string;
  everyMs: number;
  lastRunAt: number | null;
  lastError: string | null;
  failingSince: number | null;
};
type Engine = { startedAt: number; states: JobState[] };
// The instrumentation's bundle starts it, the health route's bundle asks about it.
const KEY = Symbol.for("usdt-gateway.engine");
const store = globalThis as unknown as Record<symbol, Engine | undefined>;

/** A job that has not ended a run for this long is stuck. */
const STUCK_MS = 60_000;
/** A job that has only failed for this long needs a person. */
const FAILING_MS = 30_000;

/** Starts every job's loop, once a process. Loops end in `runShutdown`. */
export function startEmbeddedEngine(): void {
  if (store[KEY]) return;
  const jobs = createJobs(randomUUID());
  const engine: Engine = { startedAt: Date.now(), states: [] };
  store[KEY] = engine;
  const stop = new AbortController();
  const loops = jobs.map((job) => {
    const state: JobState = {
      name: job.name,
      everyMs: job.everyMs,
      lastRunAt: null,
      lastError: null,
      failingSince: null,
    };
    engine.states.push(state);
    return loop(job, state, stop.signal);
  });
  onShutdown("background work", async () => {
    stop.abort();
    await Promise.all(loops);
    await Promise.all(jobs.map((job) => job.stop?.()));
  });
  log.info({ jobs: jobs.map((job) => job.name) }, "background work started");
}

async function loop(job: Job, state: JobState, signal: AbortSignal): Promise<void> {
  let wake = new AbortController();
  // A nudge during a run is remembered: the next pause ends at once.
  const unlisten = job.nudgedBy
    ? onNudge(job.nudgedBy, (at) => {
        // What is due later is a row that a later turn finds.
        if (at.getTime() <= Date.now()) wake.abort();
      })
    : undefined;
  let failures = 0;
  while (!signal.aborted) {
    wake = new AbortController();
    let more = false;
    try {
      more = await job.run();
      failures = 0;
      state.lastError = null;
      state.failingSince = null;
    } catch (error) {
      failures++;
      state.lastError = reasonOf(error);
      state.failingSince ??= Date.now();
      // While PostgreSQL restarts every job fails at every turn; one line a job is enough.
      if (isDatabaseUnavailable(error)) {
        if (failures === 1) log.warn({ job: job.name, reason: state.lastError }, "the database is away");
      } else log.error({ err: error, job: job.name }, "job failed");
    }
    state.lastRunAt = Date.now();
    if (more) continue;
    const pause = failures === 0 ? job.everyMs : Math.min(10_000, 200 * 2 ** Math.min(failures, 6));
    await sleep(pause, AbortSignal.any([signal, wake.signal]));
  }
  unlisten?.();
}

/** What health says of the background work of this process. */
export function embeddedReport(now = Date.now()): EngineReport {
  const engine = store[KEY];
  if (!engine) return { healthy: false, failing: false, jobs: [] };
  const stuck = (state: JobState) => now - (state.lastRunAt ?? engine.startedAt) > STUCK_MS + state.everyMs;
  return {
    healthy: !engine.states.some(stuck),
    failing: engine.states.some((state) => now - (state.failingSince ?? now) > FAILING_MS),
    jobs: engine.states.map((state) => ({
      name: state.name,
      secondsSinceRun: state.lastRunAt === null ? null : Math.round((now - state.lastRunAt) / 1000),
      error: state.lastError,
    })),
  };
}
