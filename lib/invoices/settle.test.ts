import { describe, expect, it } from "vitest";
import { INVOICE_STATUSES, type InvoiceStatus } from "@/db/schema";
import { type ChainView, confirmationsOf, type SettlePayment, settle } from "./settle";

const EXPIRES = Date.UTC(2024, 0, 15, 15, 0, 0);
const at = (ms: number) => new Date(EXPIRES + ms);
const BLOCK = 100;
const REQUIRED = 12;

const payment = (fields: Partial<NonNullable<SettlePayment>> = {}): NonNullable<SettlePayment> => ({
  blockNumber: BLOCK,
  blockTime: at(-60_000),
  canonical: true,
  ...fields,
});
const view = (fields: Partial<ChainView> = {}): ChainView => ({
  scannedNumber: BLOCK,
  scannedTime: at(-30_000),
  finalizedNumber: null,
  requiredConfirmations: REQUIRED,
  finality: "depth",
  ...fields,
});

describe("confirmationsOf", () => {
  it.each([
    [100, 100, 1],
    [100, 111, 12],
    [100, 99, 0],
    [100, 1, 0],
    [100, null, 0],
    [0, 0, 1],
  ])("a payment in block %s has, scanned up to %s, %s confirmations", (block, scanned, expected) =>
    expect(confirmationsOf(block, scanned)).toBe(expected),
  );
});

/** Every case: what it is, is paid by, how deep that is, what is final, and what time it is on the chain. */
const PAYMENTS: Record<string, SettlePayment> = {
  "no payment": null,
  "a payment": payment(),
  "a payment that left the chain": payment({ canonical: false }),
};
const DEPTHS: Record<string, number> = {
  "not scanned yet": BLOCK - 1,
  "in the newest block": BLOCK,
  "one block short": BLOCK + REQUIRED - 2,
  "just deep enough": BLOCK + REQUIRED - 1,
  "very deep": BLOCK + 1_000_000,
};
const FINALITIES: Record<string, Pick<ChainView, "finality" | "finalizedNumber">> = {
  "depth alone": { finality: "depth", finalizedNumber: null },
  "depth alone, finality behind": { finality: "depth", finalizedNumber: BLOCK - 50 },
  "finality unknown": { finality: "finalized", finalizedNumber: null },
  "finality a block below": { finality: "finalized", finalizedNumber: BLOCK - 1 },
  "finality at the block": { finality: "finalized", finalizedNumber: BLOCK },
  "finality above": { finality: "finalized", finalizedNumber: BLOCK + 1_000_000 },
};
const TIMES: Record<string, number> = {
  "long before": -3_600_000,
  "a millisecond before": -1,
  "at expiry": 0,
  "a millisecond after": 1,
  "days after": 3 * 86_400_000,
};

type Case = { status: InvoiceStatus; paid: string; depth: string; final: string; time: string };
const CASES: Case[] = INVOICE_STATUSES.flatMap((status) =>
  Object.keys(PAYMENTS).flatMap((paid) =>
    Object.keys(DEPTHS).flatMap((depth) =>
      Object.keys(FINALITIES).flatMap((final) =>
        Object.keys(TIMES).map((time) => ({ status, paid, depth, final, time })),
      ),
    ),
  ),
);
const inputs = ({ status, paid, depth, final, time }: Case) =>
  [
    { status, expiresAt: at(0) },
    PAYMENTS[paid] ?? null,
    view({ scannedNumber: DEPTHS[depth], scannedTime: at(TIMES[time] ?? 0), ...FINALITIES[final] }),
  ] as const;

/** The contract's rule again, in lists instead of arithmetic. */
const DEEP = ["just deep enough", "very deep"];
const FINAL = ["depth alone", "depth alone, finality behind", "finality at the block", "finality above"];
const OVER = ["a millisecond after", "days after"];
function expected({ status, paid, depth, final, time }: Case): InvoiceStatus {
  if (status === "confirmed" || status === "cancelled") return status;
  if (paid === "a payment") return DEEP.includes(depth) && FINAL.includes(final) ? "confirmed" : status;
  return status === "pending" && OVER.includes(time) ? "expired" : status;
}

describe("settle", () => {
  it(`decides each of ${CASES.length} combinations of status, payment, depth, finality and time by the contract`, () => {
    for (const entry of CASES) {
      const [invoice, paid, chain] = inputs(entry);
      const result = settle(invoice, paid, chain);
      expect(result.status, JSON.stringify(entry)).toBe(expected(entry));
      expect(result.change, JSON.stringify(entry)).toBe(result.status === entry.status ? null : result.status);
    }
  });

  it("confirms at exactly the required depth and gives the block's time as the time of payment", () => {
    const result = settle(
      { status: "pending", expiresAt: at(0) },
      payment({ blockTime: at(-1) }),
      view({ scannedNumber: 111 }),
    );
    expect(result).toEqual({ status: "confirmed", change: "confirmed", paidAt: at(-1), confirmations: 12 });
  });

  it("keeps a payment in flight at expiry alive, however late it deepens", () => {
    const late = view({ scannedNumber: BLOCK + REQUIRED - 2, scannedTime: at(86_400_000) });
    expect(settle({ status: "pending", expiresAt: at(0) }, payment(), late)).toEqual({
      status: "pending",
      change: null,
      confirmations: 11,
    });
  });

  it("confirms an expired invoice whose payment in time came to light late, and never a cancelled one", () => {
    const deep = view({ scannedNumber: 1_000, scannedTime: at(1_000_000) });
    expect(settle({ status: "expired", expiresAt: at(0) }, payment(), deep).status).toBe("confirmed");
    expect(settle({ status: "cancelled", expiresAt: at(0) }, payment(), deep).status).toBe("cancelled");
  });

  it("expires an invoice whose only payment left the chain, as if it had never been seen", () => {
    const chain = view({ scannedNumber: 1_000, scannedTime: at(1) });
    expect(settle({ status: "pending", expiresAt: at(0) }, payment({ canonical: false }), chain)).toEqual({
      status: "expired",
      change: "expired",
      confirmations: 0,
    });
  });

  it("is pure: it changes nothing it is given, and the same question has the same answer", () => {
    for (const entry of CASES) {
      const [invoice, paid, chain] = inputs(entry);
      const given = JSON.stringify([invoice, paid, chain]);
      const first = settle(invoice, paid, chain);
      expect(settle(invoice, paid, chain)).toEqual(first);
      expect(JSON.stringify([invoice, paid, chain])).toBe(given);
    }
  });

  it("is idempotent: what it decided it decides again, with nothing left to change", () => {
    for (const entry of CASES) {
      const [invoice, paid, chain] = inputs(entry);
      const { status } = settle(invoice, paid, chain);
      expect(settle({ ...invoice, status }, paid, chain)).toMatchObject({ status, change: null });
    }
  });

  it("is monotone: looking once late gives what looking at every block gives, and nothing is ever taken back", () => {
    for (const finality of ["depth", "finalized"] as const) {
      for (const paid of Object.values(PAYMENTS)) {
        const views = Array.from({ length: 40 }, (_, i) =>
          view({
            scannedNumber: BLOCK - 5 + i,
            finalizedNumber: BLOCK - 20 + i,
            scannedTime: at((i - 10) * 3_000),
            finality,
          }),
        );
        let stepwise: InvoiceStatus = "pending";
        for (const chain of views) {
          const { status } = settle({ status: stepwise, expiresAt: at(0) }, paid, chain);
          if (stepwise !== "pending") expect(status).toBe(stepwise);
          stepwise = status;
        }
        const last = views.at(-1) ?? view();
        expect(settle({ status: "pending", expiresAt: at(0) }, paid, last).status).toBe(stepwise);
      }
    }
  });
});
