import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { db } from "@/db/client";
import { storeTransfers } from "@/db/queries/transfers";
import { createTestMerchant, useTestApi } from "@/e2e/api";
import { randomAddress } from "@/e2e/world";
import { addressKeyOf } from "@/lib/chains/address";
import { networkSpec } from "@/lib/chains/networks";
import { matchTransfers } from "@/lib/transfers/match";
import { toRows } from "@/lib/transfers/rows";
import { settleInvoices } from "./settlement";

// Live invoices need a watched network; nothing is asked of this node.
const api = useTestApi({ ETHEREUM_RPC_URLS: "http://127.0.0.1:1", TRON_RPC_URLS: "", BSC_RPC_URLS: "" });
const PAID = 230;
const HELD_BACK = 215;

it("payments that are held back, however many, do not hold up the confirmation of those behind them", async () => {
  const merchant = await createTestMerchant();
  await merchant.addWallet("ethereum");
  const made = [];
  for (let i = 0; i < PAID; i++) {
    const { body } = await api("POST", "/invoices", { key: merchant.liveKey, body: { amountUsdt: String(100 + i) } });
    made.push({ id: String(body.id), to: String(body.payoutAddress), amount: BigInt(100 + i) * 1_000_000n });
  }
  const blockTime = new Date();
  const blockHash = `0x${randomBytes(32).toString("hex")}` as const;
  const paid = made.map(({ to, amount: value }, i) => ({
    txHash: `0x${randomBytes(32).toString("hex")}` as const,
    ordinal: 0,
    // Several to a block, so that a batch ends in the middle of one.
    blockNumber: 1000 + Math.floor(i / 7),
    blockHash,
    blockTime,
    logIndex: i,
    from: addressKeyOf("ethereum", randomAddress()),
    to: addressKeyOf("ethereum", to),
    value,
    succeeded: true,
  }));
  await storeTransfers(db(), toRows(networkSpec("ethereum"), paid));
  await matchTransfers("ethereum", "live", blockTime);

  const heldBack = new Set(made.slice(0, HELD_BACK).map(({ id }) => id));
  const view = {
    scannedNumber: 2000,
    scannedTime: blockTime,
    finalizedNumber: 2000,
    requiredConfirmations: 12,
    finality: "depth" as const,
  };
  await settleInvoices("ethereum", "live", view, async (payments) => {
    return new Set(payments.map(({ invoiceId }) => invoiceId).filter((id) => !heldBack.has(id)));
  });
  const { body } = await api("GET", "/invoices?status=confirmed&limit=100", { key: merchant.liveKey });
  const confirmed = (body.data as { id: string }[]).map(({ id }) => id);
  expect(confirmed.sort()).toEqual(
    made
      .slice(HELD_BACK)
      .map(({ id }) => id)
      .sort(),
  );
});
