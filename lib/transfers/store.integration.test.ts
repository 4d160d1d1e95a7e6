import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { claimCursor, moveCursor, recordLooked, storeBlocks } from "@/db/queries/chain";
import { storeTransfers } from "@/db/queries/transfers";
import { networkCursors, transfers } from "@/db/schema";
import { useTestDatabase } from "@/db/testing";
import { networkSpec } from "@/lib/chains/networks";
import type { VerifiedTransfer } from "@/lib/chains/types";
import { toRows } from "./rows";
import { storeAgain } from "./store";

useTestDatabase();

const TIME = new Date("2024-01-15T12:00:00Z");
const hex = (bytes: number) => `0x${randomBytes(bytes).toString("hex")}`;
const [OURS, THEIRS] = [hex(32), hex(32)];
const SCANNED = 1000;

beforeEach(async () => {
  await db().execute(sql`truncate transfers, unmatched_transfers, blocks, network_cursors cascade`);
  await claimCursor(db(), "ethereum", randomUUID(), 10);
  const head = { number: SCANNED, hash: OURS, parentHash: hex(32), time: TIME };
  await storeBlocks(db(), "ethereum", [head], 0);
  await moveCursor(db(), "ethereum", head);
});

const transfer = (change: Partial<VerifiedTransfer> = {}): VerifiedTransfer => ({
  txHash: hex(32),
  ordinal: 0,
  blockNumber: SCANNED,
  blockHash: OURS,
  blockTime: TIME,
  logIndex: 0,
  from: hex(20),
  to: hex(20),
  value: 100n,
  succeeded: true,
  ...change,
});
const rows = (found: VerifiedTransfer[]) => toRows(networkSpec("ethereum"), found);
const stored = () =>
  db().select({ txHash: transfers.txHash, blockHash: transfers.blockHash, status: transfers.status }).from(transfers);

describe("storing transfers", () => {
  it("takes a stretch with more of them than one statement holds", async () => {
    const found = Array.from({ length: 6_000 }, (_, logIndex) => transfer({ logIndex }));
    expect(await db().transaction((tx) => storeTransfers(tx, rows(found)))).toBe(6_000);
    expect(await storeTransfers(db(), rows(found))).toBe(0);
  });
});

describe("storing what was read again", () => {
  it("adds what is missing, in the block that was scanned or one too old to be known", async () => {
    const found = [transfer(), transfer({ blockNumber: 10, blockHash: hex(32) })];
    expect(await storeAgain("ethereum", rows(found))).toBe(2);
    expect(await storeAgain("ethereum", rows(found))).toBe(0);
  });

  it("moves no transfer to a block of another fork, which no reorg would undo", async () => {
    const known = transfer();
    await storeTransfers(db(), rows([known]));
    const moved = rows([transfer(), { ...known, blockHash: THEIRS }]);
    await expect(storeAgain("ethereum", moved)).rejects.toThrow("nodes disagree about block 1000");
    expect(await stored()).toEqual([{ txHash: known.txHash, blockHash: OURS, status: "canonical" }]);
  });

  it("stores nothing above the cursor: a reorg may just have taken it back", async () => {
    const above = transfer({ blockNumber: SCANNED + 1, blockHash: hex(32) });
    await expect(storeAgain("ethereum", rows([above]))).rejects.toThrow("nodes disagree");
    expect(await stored()).toEqual([]);
  });

  it("leaves a failed transfer alone that was orphaned meanwhile", async () => {
    const failed = transfer({ succeeded: false, ordinal: -1 });
    await storeTransfers(db(), rows([failed]));
    const [row] = await db().select().from(transfers);
    await db().update(transfers).set({ status: "orphaned" });
    expect(await storeAgain("ethereum", rows([{ ...failed, succeeded: true, ordinal: 0 }]), row?.id)).toBe(0);
    expect(await stored()).toMatchObject([{ status: "orphaned" }]);
  });
});

it("how far the second look has come is not moved past blocks that a reorg took back meanwhile", async () => {
  const looked = async () => (await db().select().from(networkCursors))[0]?.lookedNumber;
  await moveCursor(db(), "ethereum", { number: SCANNED - 20, hash: THEIRS, time: TIME });
  await recordLooked(db(), "ethereum", SCANNED, SCANNED + 40);
  expect(await looked()).toBe(SCANNED - 20);
  await recordLooked(db(), "ethereum", SCANNED - 20, SCANNED + 20);
  expect(await looked()).toBe(SCANNED + 20);
});
