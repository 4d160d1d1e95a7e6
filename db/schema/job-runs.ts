import { pgTable, text } from "drizzle-orm/pg-core";
import { time } from "./columns";

/**
 * When each background job last ran, on whichever server. Written where an engine outside the servers drives the work: it is
 * how they know, and health says, that it does. Nothing else depends on it.
 */
export const jobRuns = pgTable("job_runs", {
  name: text().primaryKey(),
  ranAt: time().notNull(),
  /** Why the last run failed; null after a good one. */
  error: text(),
});
