import { db } from "@/db/client";
import { type ClaimedDelivery, type Decision, recordAttempts } from "@/db/queries/deliveries";
import { log } from "@/lib/log";
import { metrics } from "@/lib/metrics";
import { nextAttempt } from "./schedule";
import type { SendOutcome } from "./send";

/** Attempts that wait to be recorded, and how many go into one transaction. */
type Waiting = { delivery: Pick<ClaimedDelivery, "id">; startedAt: Date; outcome: SendOutcome; settle: Settle };
type Settle = { done: () => void; fail: (error: unknown) => void };
const BATCH = 200;

/**
 * Records attempts with what follows from them. While one transaction is under way the attempts that end meanwhile gather for
 * the next: a transaction each would cost more than sending.
 */
export class AttemptRecorder {
  private waiting: Waiting[] = [];
  private writing = false;

  /** Resolves when the attempt is stored. @throws where the database is away: the lease ends, and it is sent again. */
  record(delivery: Pick<ClaimedDelivery, "id">, startedAt: Date, outcome: SendOutcome): Promise<void> {
    return new Promise((done, fail) => {
      this.waiting.push({ delivery, startedAt, outcome, settle: { done, fail } });
      if (!this.writing) void this.write();
    });
  }

  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      try {
        await store(batch);
      } catch (error) {
        // One that cannot be stored must not take the others with it.
        for (const one of batch) {
          await (batch.length === 1 ? Promise.reject(error) : store([one])).catch(one.settle.fail);
        }
      }
    }
    this.writing = false;
  }

  /** A delivery once a batch: its attempts are counted one by one. */
  private takeBatch(): Waiting[] {
    const batch = new Map<string, Waiting>();
    const rest: Waiting[] = [];
    for (const one of this.waiting) {
      if (batch.size < BATCH && !batch.has(one.delivery.id)) batch.set(one.delivery.id, one);
      else rest.push(one);
    }
    this.waiting = rest;
    return [...batch.values()];
  }
}

async function store(batch: Waiting[]): Promise<void> {
  const outcomes = new Map(batch.map(({ delivery, outcome }) => [delivery.id, outcome]));
  const decide = (id: string, attemptsMade: number): Decision => {
    const outcome = outcomes.get(id);
    if (!outcome) throw new Error(`no outcome of ${id}`);
    const next = nextAttempt({ attemptNumber: attemptsMade, outcome, now: new Date(), random: Math.random });
    return "final" in next
      ? { status: next.final, nextAttemptAt: null }
      : { status: "pending", nextAttemptAt: next.retryAt };
  };
  const attempts = batch.map(({ delivery, startedAt, outcome: { statusCode, responseBody, latencyMs, error } }) => {
    return { deliveryId: delivery.id, startedAt, statusCode, responseBody, latencyMs, error };
  });
  const statuses = await recordAttempts(db(), attempts, decide);
  for (const { delivery, outcome, settle } of batch) {
    const { statusCode, latencyMs, error } = outcome;
    const status = statuses.get(delivery.id) ?? null;
    metrics().attempts.inc({ outcome: status ?? "unknown" });
    log.info({ deliveryId: delivery.id, statusCode, latencyMs, error, status }, "webhook attempt");
    settle.done();
  }
}
