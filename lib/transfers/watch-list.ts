import { db } from "@/db/client";
import { listWatchedSince } from "@/db/queries/wallets";
import type { Network } from "@/lib/chains/networks";

/** A node takes at most this many recipients in one topic filter (geth and erigon refuse more). */
const TOPIC_LIMIT = 1000;

/** The addresses of a network that belong to a merchant, kept in memory and topped up by what is new. */
export class WatchList {
  private readonly keys = new Set<string>();
  private lastSeq = 0;

  constructor(private readonly network: Network) {}

  /** Reads the wallets added since the last call. */
  async refresh(): Promise<void> {
    const added = await listWatchedSince(db(), this.network, this.lastSeq);
    for (const wallet of added) this.keys.add(wallet.addressKey);
    this.lastSeq = added.at(-1)?.seq ?? this.lastSeq;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  get size(): number {
    return this.keys.size;
  }

  /**
   * The recipients to ask a node for; null: so many that all transfers are read and chosen here.
   * @param known asked for before: the first so many.
   */
  filter(known = 0): string[] | null {
    if (known > TOPIC_LIMIT) return [];
    return this.keys.size - known <= TOPIC_LIMIT ? [...this.keys].slice(known) : null;
  }
}
