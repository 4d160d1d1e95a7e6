import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { baseUnits, count, id, mode, network, time, units } from "./columns";
import { merchants } from "./merchants";

/**
 * A token movement to a watched address, as the chain tells it.
 * Rules: a transfer is known once: network, transaction and its ordinal among the token's logs of that transaction (the
 * block-wide log index shifts when a transaction is included again in another block, so it is no identity).
 * A transfer of nothing is not stored. A simulated one belongs to the merchant whose test invoice it is for.
 */
export const transfers = pgTable(
  "transfers",
  {
    id: id(),
    network: network().notNull(),
    mode: mode().notNull(),
    txHash: text().notNull(),
    ordinal: integer().notNull(),
    blockNumber: count().notNull(),
    blockHash: text().notNull(),
    blockTime: time().notNull(),
    logIndex: integer().notNull(),
    /** As the network writes addresses. */
    fromAddress: text().notNull(),
    /** The recipient in the spelling of `wallets.addressKey`. */
    toAddressKey: text().notNull(),
    value: baseUnits().notNull(),
    /** `value` in units of 0.0001 USDT; null where it is no whole number of them, and so can pay nothing. */
    units: units(),
    /**
     * `orphaned`: its block left the chain. `failed`: a log of a transaction that the node called failed; it is asked again
     * when the block is final, because a node can be wrong about that near its head.
     */
    status: text({ enum: ["canonical", "orphaned", "failed"] })
      .notNull()
      .default("canonical"),
    /** When matching looked at it; null: still to do. Cleared when it is included again after a reorg. */
    matchedAt: time(),
    /** Set on simulated transfers only. */
    merchantId: uuid().references(() => merchants.id),
    detectedAt: time().notNull().defaultNow(),
  },
  (t) => [
    unique("transfers_identity").on(t.network, t.mode, t.txHash, t.ordinal),
    check("transfers_value", sql`${t.value} > 0`),
    check("transfers_simulated_owner", sql`(${t.mode} = 'test') = (${t.merchantId} is not null)`),
    index("transfers_to_match").on(t.network, t.mode, t.blockNumber).where(sql`${t.matchedAt} is null`),
    index("transfers_by_block").on(t.network, t.mode, t.blockNumber),
    // What needs somebody's eye: few rows, looked for by health and metrics.
    index("transfers_not_canonical").on(t.network, t.status).where(sql`${t.status} <> 'canonical'`),
    // A wallet's transfers, newest first; and what one address has sent.
    index("transfers_by_recipient").on(
      t.mode,
      t.network,
      t.toAddressKey,
      t.blockTime.desc().nullsFirst(),
      t.id.desc().nullsFirst(),
    ),
    index("transfers_by_sender").on(t.fromAddress),
  ],
);
