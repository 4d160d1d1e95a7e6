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

  /**
   * Reads the wallets added since the last call. A wallet that was there before a block was is in the list when this is called
   * after the block was read.
   * @returns the new addresses.
   */
  async refresh(): Promise<string[]> {
    const added = await listWatchedSince(db(), this.network, this.lastSeq);
    const fresh = [...new Set(added.map((wallet) => wallet.addressKey))].filter((key) => !this.keys.has(key));
    for (const key of fresh) this.keys.add(key);
    this.lastSeq = added.at(-1)?.seq ?? this.lastSeq;
    return fresh;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** The recipients to ask the node for; null: so many that all transfers are read and chosen here. */
  filter(): string[] | null {
    return this.keys.size <= TOPIC_LIMIT ? [...this.keys] : null;
  }
}
