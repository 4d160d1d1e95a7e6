import { db } from "@/db/client";
import { listJobRuns } from "@/db/queries/job-runs";
import { networkSpec } from "@/lib/chains/networks";
import { env } from "@/lib/env";
import { embeddedReport } from "./embedded";
import { watchedNetworks } from "./jobs";
import { SWEEP, SWEEP_MS } from "./turns";

/** What health says of background work. */
export type EngineReport = {
  healthy: boolean;
  /** A job has done nothing but fail for a while. */
  failing: boolean;
  jobs: { name: string; secondsSinceRun: number | null; error: string | null }[];
};

/** A job that has not run for this long, and its interval, has stopped. */
const STOPPED_SECONDS = 60;

export type EngineName = "embedded" | "inngest";
export const engineName = (): EngineName => (env().inngest ? "inngest" : "embedded");

/**
 * How the engine of this gateway does: this process's own, or what the database knows of Inngest's turns.
 * @throws where it has to be asked and is away.
 */
export async function engineReport(): Promise<EngineReport & { engine: EngineName }> {
  const engine = engineName();
  if (engine === "embedded") return { engine, ...embeddedReport() };
  const jobs = await listTurns();
  const stopped = (job: Turned) =>
    job.secondsSinceRun === null || job.secondsSinceRun > STOPPED_SECONDS + job.everySeconds;
  return {
    engine,
    healthy: !jobs.some(stopped),
    failing: jobs.some((job) => job.error !== null),
    jobs: jobs.map(({ name, secondsSinceRun, error }) => ({ name, secondsSinceRun, error })),
  };
}

type Turned = EngineReport["jobs"][number] & { everySeconds: number };

/** The jobs that must keep running, with their last turn on any server. @throws where the database is away. */
export async function listTurns(now = Date.now()): Promise<Turned[]> {
  const runs = new Map((await listJobRuns(db())).map((run) => [run.name, run]));
  const turned = (name: string, everyMs: number): Turned => {
    const run = runs.get(name);
    return {
      name,
      everySeconds: everyMs / 1000,
      secondsSinceRun: run ? Math.max(0, Math.round((now - run.ranAt.getTime()) / 1000)) : null,
      error: run?.error ?? null,
    };
  };
  const scans = watchedNetworks().map((network) => turned(`scan ${network}`, networkSpec(network).pollMs));
  return [...scans, turned(SWEEP, SWEEP_MS)];
}
