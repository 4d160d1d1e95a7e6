/** Next calls this once when a server starts, before it answers requests. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { env } = await import("@/lib/env");
  // `next build` and `next dev` without a database run nothing.
  if (!env().databaseUrl) return;
  const { mount } = await import("@/lib/api/mount");
  const { nodeApi } = await import("@/lib/api");
  const { nodePayEvents } = await import("@/lib/pay/node-events");
  mount({ api: nodeApi, payEvents: nodePayEvents });
  if (env().inngest) {
    const { startInngestEngine } = await import("@/inngest/engine");
    startInngestEngine();
  } else {
    const { startEmbeddedEngine } = await import("@/lib/jobs/embedded");
    startEmbeddedEngine();
  }
}
