import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { jobRuns } from "@/db/schema";

export type JobRun = typeof jobRuns.$inferSelect;

/** @param error why the run failed, or null. */
export async function recordJobRun(db: Executor, name: string, error: string | null): Promise<void> {
  const run = { ranAt: sql`now()`, error: error?.slice(0, 500) ?? null };
  await db
    .insert(jobRuns)
    .values({ name, ...run })
    .onConflictDoUpdate({ target: jobRuns.name, set: run });
}

export function listJobRuns(db: Executor): Promise<JobRun[]> {
  return db.select().from(jobRuns);
}
