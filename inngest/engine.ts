import { sleep } from "@/lib/clock";
import { onNudge } from "@/lib/jobs/nudge";
import { listTurns } from "@/lib/jobs/report";
import { listNewDeliveries } from "@/lib/jobs/turns";
import { log } from "@/lib/log";
import { onShutdown } from "@/lib/shutdown";
import { EVENTS, inngest } from "./client";
import { startDeliveries, startSandbox } from "./send";
import { register } from "./serve";

/** What a server does for background work on Inngest: it says that there is some, and sees to it that Inngest knows us. */

const WATCH_MS = 10_000;
/** No turn for this long, and the job's interval: Inngest was away, or has forgotten. */
const QUIET_SECONDS = 15;

const KEY = Symbol.for("usdt-gateway.inngest-engine");
const store = globalThis as unknown as Record<symbol, boolean | undefined>;

/** Starts it, once a process. */
export function startInngestEngine(): void {
  if (store[KEY]) return;
  store[KEY] = true;
  const startNew = oneAtATime(async () => startDeliveries(await listNewDeliveries()));
  const unlisten = [onNudge("deliver", startNew), onNudge("sandbox", (at) => void startSandbox(at).catch(complain))];
  const stop = new AbortController();
  const watching = watch(stop.signal);
  onShutdown("background work", async () => {
    for (const each of unlisten) each();
    stop.abort();
    await watching;
  });
  log.info("background work runs on Inngest");
}

/** Registers the functions, and again when Inngest has been quiet: then it may have lost them, and it has lost its runs. */
async function watch(signal: AbortSignal): Promise<void> {
  for (let registered = false; !signal.aborted; await sleep(WATCH_MS, signal)) {
    try {
      const quiet = (await listTurns()).some(
        ({ secondsSinceRun, everySeconds }) =>
          secondsSinceRun === null || secondsSinceRun > QUIET_SECONDS + everySeconds,
      );
      if (registered && !quiet) continue;
      registered = false;
      await register();
      // Every server may find the same: one event is enough.
      if (quiet) await inngest.send({ name: EVENTS.wake, id: `wake:${Math.floor(Date.now() / WATCH_MS)}` });
      registered = true;
    } catch (error) {
      complain(error);
    }
  }
}

/** Calls during a run are one run after it. */
function oneAtATime(run: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  return async function start() {
    again = running;
    if (running) return;
    running = true;
    await run().catch(complain);
    running = false;
    if (again) await start();
  };
}

/** Nothing is lost: the sweep finds what no event started. */
function complain(error: unknown): void {
  log.warn({ reason: error instanceof Error ? error.message : String(error) }, "Inngest cannot be reached");
}
