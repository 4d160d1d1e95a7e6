import { randomUUID } from "node:crypto";
import { cron } from "inngest";
import { foldJob, type Job, pruneJob, sandboxJob, scanJob, watchedNetworks } from "@/lib/jobs/jobs";
import { listForgottenDeliveries, SWEEP, SWEEP_MS, takeTurn } from "@/lib/jobs/turns";
import { testChainSettledMs } from "@/lib/sandbox/chain";
import { deliverOne } from "@/lib/webhooks/deliver";
import { MAX_ATTEMPTS } from "@/lib/webhooks/schedule";
import { EVENTS, inngest } from "./client";
import { startDeliveries } from "./send";

/** lib/jobs mapped onto Inngest: when, how often, how many at once. What is done is there. */

/** Inngest sleeps whole seconds. */
const SHORTEST_PAUSE_MS = 1_000;
const MINUTE_MS = 60_000;
/** A run ends with its minute long before this; it bounds the steps whatever the clocks do. */
const MAX_TURNS = 120;

/**
 * A run a minute that takes a turn every few seconds. At its end the next minute's goes on; a run that is lost is missed for a
 * minute at most. Turns of two runs, as after a wake, do not overlap.
 */
function everyFewSeconds(job: Job) {
  const pauseMs = Math.max(SHORTEST_PAUSE_MS, job.everyMs);
  return inngest.createFunction(
    { id: job.name.replaceAll(" ", "-"), triggers: [cron("* * * * *"), { event: EVENTS.wake }], concurrency: 1 },
    async ({ step }) => {
      let end: number | undefined;
      for (let n = 0; n < MAX_TURNS; n++) {
        const { atMs, more } = await step.run(`turn ${n}`, () => takeTurn(job));
        end ??= (Math.floor(atMs / MINUTE_MS) + 1) * MINUTE_MS;
        if (atMs + pauseMs >= end) return;
        if (!more) await step.sleep(`pause ${n}`, pauseMs);
      }
    },
  );
}

const scans = watchedNetworks().map((network) => everyFewSeconds(scanJob(network, randomUUID())));

/** Catches what an event failed to start. */
const sweep = everyFewSeconds({
  name: SWEEP,
  everyMs: SWEEP_MS,
  run: async () => {
    await sandboxJob.run();
    await foldJob.run();
    await startDeliveries(await listForgottenDeliveries());
    return false;
  },
});

/** Simulated payments and expiry of test invoices: sleeps until the moment, then goes on until what began then is settled. */
const sandbox = inngest.createFunction(
  { id: "sandbox", triggers: [{ event: EVENTS.sandboxDue }], concurrency: 5 },
  async ({ event, step }) => {
    await step.sleepUntil("until it is due", String(event.data.at));
    const turns = Math.min(MAX_TURNS, Math.ceil(testChainSettledMs() / SHORTEST_PAUSE_MS));
    for (let n = 0; n <= turns; n++) {
      await step.run(`turn ${n}`, () => takeTurn(sandboxJob));
      await step.sleep(`pause ${n}`, SHORTEST_PAUSE_MS);
    }
  },
);

/** A run a delivery: attempts at the times that the row says, until it says that there is none. */
const deliver = inngest.createFunction(
  {
    id: "deliver-webhook",
    triggers: [{ event: EVENTS.deliveryDue }],
    // A merchant whose receiver hangs holds up no other's webhooks.
    concurrency: { key: "event.data.merchantId", limit: 10 },
  },
  async ({ event, step }) => {
    // Twice the attempts: now and then the row was another's when we looked.
    for (let n = 0; n < 2 * MAX_ATTEMPTS; n++) {
      const next = await step.run(`attempt ${n}`, () => deliverOne(String(event.data.deliveryId)));
      if (next === null) return;
      await step.sleepUntil(`until attempt ${n + 1}`, next);
    }
  },
);

const prune = inngest.createFunction({ id: "prune", triggers: [cron("*/5 * * * *")] }, async ({ step }) => {
  await step.run("turn", () => takeTurn(pruneJob));
});

export const functions = [...scans, sweep, sandbox, deliver, prune];
