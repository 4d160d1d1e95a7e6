import { db, reasonOf } from "@/db/client";
import { listWaitingDeliveries, type WaitingDelivery } from "@/db/queries/deliveries";
import { recordJobRun } from "@/db/queries/job-runs";
import { log } from "@/lib/log";
import type { Job } from "./jobs";

/** What an engine outside the servers (Inngest) calls, a turn at a time, on whichever server it reaches. */

/** `atMs`: when the turn ended. */
export type Turn = { atMs: number; more: boolean };

/** A turn that has more to do goes on for this long: shorter than any load balancer waits for an answer. */
const TURN_MS = 10_000;

/** What catches that which an event failed to start: its name among the jobs, and how often it looks. */
export const SWEEP = "sweep";
export const SWEEP_MS = 10_000;

const running = new Set<string>();

/**
 * Runs a job once, or until nothing is left to do, and records it for health. Leases are given back: the next turn may be
 * another server's. Never throws: a failure is recorded and the next turn tries again.
 */
export async function takeTurn(job: Job): Promise<Turn> {
  // The engine gave up waiting for a turn that is still running here, and asks for the next.
  if (running.has(job.name)) return { atMs: Date.now(), more: false };
  running.add(job.name);
  const deadline = Date.now() + TURN_MS;
  let more = false;
  let failure: string | null = null;
  try {
    do more = await job.run();
    while (more && Date.now() < deadline);
    await job.stop?.();
  } catch (error) {
    more = false;
    failure = reasonOf(error);
    log.error({ err: error, job: job.name }, "job failed");
  } finally {
    running.delete(job.name);
  }
  await recordJobRun(db(), job.name, failure).catch(() => {});
  return { atMs: Date.now(), more };
}

const PER_MERCHANT = 100;
const LIMIT = 1_000;
/** Long enough for the run that has been started to have made its attempt. */
const OVERDUE_SECONDS = 15;

/** A delivery for which a run has to be started. `key`: starts with the same key are one. */
export type DeliveryStart = { deliveryId: string; merchantId: string; key: string };

/** The deliveries that were just made, or are to be sent again by hand. */
export async function listNewDeliveries(): Promise<DeliveryStart[]> {
  const options = { overdueSeconds: 0, firstAttempts: true, perMerchant: PER_MERCHANT, limit: LIMIT };
  return (await listWaitingDeliveries(db(), options)).map((delivery) => start(delivery, "due"));
}

/**
 * The deliveries whose run never began, or is lost. Each is started again at twice the time after the last start: at first soon,
 * and where runs only wait in a queue, not over and over.
 */
export async function listForgottenDeliveries(now = Date.now()): Promise<DeliveryStart[]> {
  const options = { overdueSeconds: OVERDUE_SECONDS, firstAttempts: false, perMerchant: PER_MERCHANT, limit: LIMIT };
  return (await listWaitingDeliveries(db(), options)).map((delivery) => {
    const overdueSeconds = Math.max(OVERDUE_SECONDS, (now - delivery.dueAt.getTime()) / 1000);
    return start(delivery, `overdue-${Math.floor(Math.log2(overdueSeconds / OVERDUE_SECONDS))}`);
  });
}

function start({ id, merchantId, dueAt }: WaitingDelivery, why: string): DeliveryStart {
  return { deliveryId: id, merchantId, key: `${id}:${dueAt.getTime()}:${why}` };
}
