import type { DeliveryStart } from "@/lib/jobs/turns";
import { EVENTS, inngest } from "./client";

/** Inngest takes a limited number of events at a time. */
const BATCH = 250;

/** Starts a run for each delivery. An event with a key that was sent before starts nothing. */
export async function startDeliveries(starts: DeliveryStart[]): Promise<void> {
  for (let i = 0; i < starts.length; i += BATCH) {
    const events = starts.slice(i, i + BATCH).map(({ deliveryId, merchantId, key }) => ({
      name: EVENTS.deliveryDue,
      id: key,
      data: { deliveryId, merchantId },
    }));
    await inngest.send(events);
  }
}

const KEPT_SECONDS = 10_000;
const sentSeconds = new Set<number>();

/** Starts a run for what test invoices have to do at a moment; all that is due in a second is one run. */
export async function startSandbox(at: Date): Promise<void> {
  const second = Math.ceil(at.getTime() / 1000);
  if (sentSeconds.has(second)) return;
  if (sentSeconds.size >= KEPT_SECONDS) sentSeconds.clear();
  sentSeconds.add(second);
  const data = { at: new Date(second * 1000).toISOString() };
  await inngest.send({ name: EVENTS.sandboxDue, id: `sandbox:${second}`, data });
}
