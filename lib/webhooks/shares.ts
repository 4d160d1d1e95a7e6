/** How many webhooks of a merchant may be on their way at once: many to a quick receiver, few to one that hangs. */

/** Of a merchant about whom nothing is known. */
export const START_SHARE = 20;
export const MAX_SHARE = 100;
/** An attempt on its way for longer than this says that the receiver hangs: it gets nothing more until that is over. */
export const SLOW_MS = 5_000;

type Merchant = { share: number; startedAt: Map<string, number> };

/**
 * Counts what is on its way and learns from how it ends: a quick answer makes room for one more, one that took long or never came
 * halves the room. Kept in memory: it saves time, and nothing else depends on it.
 */
export class Shares {
  private readonly merchants = new Map<string, Merchant>();

  constructor(private readonly now: () => number = Date.now) {}

  started(merchantId: string, id: string): void {
    const merchant = this.merchants.get(merchantId) ?? { share: START_SHARE, startedAt: new Map<string, number>() };
    merchant.startedAt.set(id, this.now());
    this.merchants.set(merchantId, merchant);
  }

  ended(merchantId: string, id: string): void {
    const merchant = this.merchants.get(merchantId);
    const startedAt = merchant?.startedAt.get(id);
    if (!merchant || startedAt === undefined) return;
    merchant.startedAt.delete(id);
    const slow = this.now() - startedAt > SLOW_MS;
    merchant.share = slow ? Math.max(1, merchant.share >> 1) : Math.min(MAX_SHARE, merchant.share + 1);
    if (merchant.startedAt.size === 0 && merchant.share === START_SHARE) this.merchants.delete(merchantId);
  }

  /** How many more each merchant may have on their way; for those not named, START_SHARE. */
  rooms(): Map<string, number> {
    const hangingSince = this.now() - SLOW_MS;
    return new Map(
      [...this.merchants].map(([id, { share, startedAt }]) => {
        const hangs = [...startedAt.values()].some((at) => at < hangingSince);
        return [id, hangs ? 0 : Math.max(0, share - startedAt.size)];
      }),
    );
  }
}
