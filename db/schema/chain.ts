import { pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { count, mode, network, time } from "./columns";

/**
 * How far a network has been read. In mode `test` it is the clock-driven chain of simulated blocks.
 * Rule: one row a network and mode; it moves only in the transaction that stores what was found up to there, and only from
 * the block it stood on (compare and set), so two scanners cannot leave a hole or count a block twice.
 */
export const networkCursors = pgTable(
  "network_cursors",
  {
    network: network().notNull(),
    mode: mode().notNull(),
    /** The last block whose transfers are all stored. Null: not started. */
    scannedNumber: count(),
    scannedHash: text(),
    scannedTime: time(),
    /** Up to where blocks were read a second time, once they were deep (lib/transfers/second-look.ts). */
    lookedNumber: count(),
    headNumber: count(),
    headTime: time(),
    /** The highest block that the network calls final, where its rule needs it. */
    finalizedNumber: count(),
    /** One scanner at a time; an optimisation that saves calls, not what makes scanning safe. */
    leaseOwner: uuid(),
    leaseUntil: time(),
    lastSuccessAt: time(),
    /** Why the last tick failed; null after a good one. */
    lastError: text(),
  },
  (t) => [primaryKey({ columns: [t.network, t.mode] })],
);

/**
 * Recent block hashes: what a reorg is found and undone by. Kept beyond finality, because a node can lose blocks that it
 * had called final.
 */
export const blocks = pgTable(
  "blocks",
  {
    network: network().notNull(),
    number: count().notNull(),
    hash: text().notNull(),
    parentHash: text().notNull(),
    time: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.network, t.number] })],
);
