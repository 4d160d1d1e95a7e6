import { randomUUID } from "node:crypto";
import { db } from "@/db/client";
import {
  type ClaimedDelivery,
  claimDelivery,
  claimDueDeliveries,
  findDeliveryTime,
  insertAttempt,
  lockDelivery,
  renewLeases,
  updateDelivery,
} from "@/db/queries/deliveries";
import { decryptSecret } from "@/lib/crypto";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import { nextAttempt } from "./schedule";
import { type SendOutcome, sendWebhook } from "./send";
import { signWebhook } from "./sign";

/** A claim lasts this long without being renewed: a webhook whose sender died leaves again after it. */
export const LEASE_SECONDS = 10;
/** Webhooks on their way at once in this process, and of one merchant. */
const MAX_IN_FLIGHT = 200;
const MAX_IN_FLIGHT_PER_MERCHANT = 20;

/** Where a merchant's secrets stand in encryption: see lib/crypto. */
export const secretContext = (merchantId: string) => `merchant:${merchantId}:webhook`;

/** Sends due deliveries. One a process; any number of processes. */
export class Deliverer {
  private readonly inFlight = new Map<string, { merchantId: string; done: Promise<void> }>();

  constructor(
    /** Identifies this process in leases: a UUID. */
    private readonly owner: string,
  ) {}

  /**
   * Claims what is due and starts sending it; does not wait for the answers.
   * @param onSettled called after each attempt has been recorded: there may be room for more.
   * @returns how many were started.
   */
  async tick(onSettled: () => void): Promise<number> {
    const room = MAX_IN_FLIGHT - this.inFlight.size;
    if (room <= 0) return 0;
    const claimed = await claimDueDeliveries(db(), {
      owner: this.owner,
      limit: room,
      perMerchant: MAX_IN_FLIGHT_PER_MERCHANT,
      leaseSeconds: LEASE_SECONDS,
      busyMerchants: this.busyMerchants(),
    });
    for (const delivery of claimed) {
      const done = attempt(delivery)
        .catch((error) => log.error({ err: error, deliveryId: delivery.id }, "attempt could not be recorded"))
        .finally(() => {
          this.inFlight.delete(delivery.id);
          onSettled();
        });
      this.inFlight.set(delivery.id, { merchantId: delivery.merchantId, done });
    }
    return claimed.length;
  }

  /** Keeps the leases of what is still on its way. Call it more often than LEASE_SECONDS. */
  async renew(): Promise<void> {
    if (this.inFlight.size > 0) await renewLeases(db(), this.owner, [...this.inFlight.keys()], LEASE_SECONDS);
  }

  /** Waits for the answers still expected, at most `ms`. What is cut off leaves again when its lease is over. */
  async drain(ms: number): Promise<void> {
    const all = Promise.all([...this.inFlight.values()].map((entry) => entry.done));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([all, timeout]);
    clearTimeout(timer);
  }

  private busyMerchants(): string[] {
    const counts = new Map<string, number>();
    for (const { merchantId } of this.inFlight.values()) counts.set(merchantId, (counts.get(merchantId) ?? 0) + 1);
    return [...counts].filter(([, n]) => n >= MAX_IN_FLIGHT_PER_MERCHANT).map(([id]) => id);
  }
}

/**
 * Makes the next attempt of one delivery and waits for the answer; does nothing where it is not due or another is at it.
 * @returns when to try again, or null when it is over.
 */
export async function deliverOne(id: string): Promise<Date | null> {
  const owner = randomUUID();
  const claimed = await claimDelivery(db(), id, owner, LEASE_SECONDS);
  if (claimed) {
    const renew = () => renewLeases(db(), owner, [id], LEASE_SECONDS).catch(() => {});
    const renewal = setInterval(renew, (LEASE_SECONDS * 1000) / 3);
    await attempt(claimed).finally(() => clearInterval(renewal));
  }
  return await findDeliveryTime(db(), id);
}

/** What a request of a delivery carries beside its body. Signed anew each time: the timestamp is the attempt's. */
export function deliveryHeaders(
  delivery: Pick<ClaimedDelivery, "id" | "merchantId" | "body" | "invoiceReference"> & {
    webhookSecret: string;
    previousWebhookSecret: string | null;
  },
  now: Date,
): Record<string, string> {
  const context = secretContext(delivery.merchantId);
  const sealed = [delivery.webhookSecret, delivery.previousWebhookSecret].filter((secret) => secret !== null);
  const signed = signWebhook({
    body: delivery.body,
    secrets: sealed.map((secret) => decryptSecret(secret, context)),
    deliveryId: delivery.id,
    timestampSeconds: Math.floor(now.getTime() / 1000),
  });
  return {
    "Content-Type": "application/json",
    ...signed,
    "X-Webhook-Id": delivery.id,
    "X-Invoice-Reference": delivery.invoiceReference,
  };
}

/** One HTTP try: sent outside any transaction, then recorded with what follows from it in one. */
async function attempt(delivery: ClaimedDelivery): Promise<void> {
  const startedAt = new Date();
  const outcome = await send(delivery, startedAt);
  await record(delivery, startedAt, outcome);
}

function send(delivery: ClaimedDelivery, startedAt: Date): Promise<SendOutcome> {
  return sendWebhook({
    url: delivery.url,
    body: delivery.body,
    headers: deliveryHeaders(delivery, startedAt),
    allowCidrs: env().webhookAllowCidrs,
  });
}

async function record(delivery: ClaimedDelivery, startedAt: Date, outcome: SendOutcome): Promise<void> {
  const { statusCode, responseBody, latencyMs, error } = outcome;
  const status = await db().transaction(async (tx) => {
    const current = await lockDelivery(tx, delivery.id);
    if (!current) return null;
    await insertAttempt(tx, { deliveryId: delivery.id, startedAt, statusCode, responseBody, latencyMs, error });
    // Whoever re-sent by hand meanwhile, or answered first after a lost lease, has decided already.
    if (current.status !== "pending") return current.status;
    const attemptsMade = current.attemptsMade + 1;
    const next = nextAttempt({ attemptNumber: attemptsMade, outcome, now: new Date(), random: Math.random });
    if ("final" in next) {
      await updateDelivery(tx, delivery.id, { status: next.final, attemptsMade, nextAttemptAt: null });
      return next.final;
    }
    await updateDelivery(tx, delivery.id, { status: "pending", attemptsMade, nextAttemptAt: next.retryAt });
    return "pending" as const;
  });
  metrics().attempts.inc({ outcome: status ?? "unknown" });
  log.info({ deliveryId: delivery.id, statusCode, latencyMs, error, status }, "webhook attempt");
}
