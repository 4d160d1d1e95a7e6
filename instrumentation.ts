/** Next calls this once when a server starts, before it answers requests. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { env } = await import("@/lib/env");
  // `next build` and `next dev` without a database run no background work.
  if (!env().databaseUrl || env().inngest.eventKey) return;
  const { startEmbeddedEngine } = await import("@/lib/jobs/embedded");
  startEmbeddedEngine();
}
