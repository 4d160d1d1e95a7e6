import { randomUUID } from "node:crypto";
import { db } from "@/db/client";
import {
  type ClaimedDelivery,
  claimDelivery,
  claimDueDeliveries,
  findDeliveryTime,
  renewLeases,
} from "@/db/queries/deliveries";
import { sleep } from "@/lib/clock";
import { decryptSecret } from "@/lib/crypto";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { AttemptRecorder } from "./record";
import { type SendOutcome, sendWebhook } from "./send";
import { Shares, START_SHARE } from "./shares";
import { secretContext, signWebhook } from "./sign";

/** A claim lasts this long without being renewed: a webhook whose sender died leaves again after it. */
export const LEASE_SECONDS = 10;
/**
 * Webhooks on their way at once in this process: those sent a moment ago, and all of them. Those that take longer wait for their
 * receivers and cost nothing but a socket, so that receivers that hang do not keep the others from being sent to.
 */
const MAX_FRESH = 200;
const FRESH_MS = 500;
const MAX_IN_FLIGHT = 1_000;
/** While there is much to do, claims are made in larger portions rather than after every answer. */
const CLAIM_EVERY_MS = 20;

/** Sends due deliveries. One a process; any number of processes. */
export class Deliverer {
  private readonly inFlight = new Map<string, { startedAt: number; done: Promise<void> }>();
  private readonly shares = new Shares();
  private claimedAt = 0;

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
    const pause = this.claimedAt + CLAIM_EVERY_MS - Date.now();
    if (pause > 0) await sleep(pause);
    const limit = this.room();
    if (limit <= 0) return 0;
    const claimed = await claimDueDeliveries(db(), {
      owner: this.owner,
      limit,
      perMerchant: START_SHARE,
      rooms: this.shares.rooms(),
      leaseSeconds: LEASE_SECONDS,
    });
    if (claimed.length > 0) this.claimedAt = Date.now();
    for (const delivery of claimed) {
      const done = attempt(delivery)
        .catch((error) => log.error({ err: error, deliveryId: delivery.id }, "attempt could not be recorded"))
        .finally(() => {
          this.inFlight.delete(delivery.id);
          this.shares.ended(delivery.merchantId, delivery.id);
          onSettled();
        });
      this.shares.started(delivery.merchantId, delivery.id);
      this.inFlight.set(delivery.id, { startedAt: Date.now(), done });
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

  private room(): number {
    const since = Date.now() - FRESH_MS;
    let fresh = 0;
    for (const { startedAt } of this.inFlight.values()) if (startedAt > since) fresh++;
    return Math.min(MAX_FRESH - fresh, MAX_IN_FLIGHT - this.inFlight.size);
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

const recorder = new AttemptRecorder();

/** One HTTP try: sent outside any transaction, then recorded with what follows from it in one. */
async function attempt(delivery: ClaimedDelivery): Promise<void> {
  const startedAt = new Date();
  const outcome = await send(delivery, startedAt);
  await recorder.record(delivery, startedAt, outcome);
}

function send(delivery: ClaimedDelivery, startedAt: Date): Promise<SendOutcome> {
  return sendWebhook({
    url: delivery.url,
    body: delivery.body,
    headers: deliveryHeaders(delivery, startedAt),
    allowCidrs: env().webhookAllowCidrs,
    owner: delivery.merchantId,
  });
}
