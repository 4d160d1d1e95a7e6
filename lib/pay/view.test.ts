import { describe, expect, it } from "vitest";
import type { PayInvoice } from "@/db/queries/pay";
import type { UnmatchedTransfer } from "@/db/queries/unmatched";
import { isFinal, payStatus, payView } from "./view";

const now = new Date("2024-01-15T14:40:00.900Z");
const INVOICE: PayInvoice = {
  id: "00000000-0000-7000-8000-0000000000aa",
  merchantId: "00000000-0000-7000-8000-0000000000bb",
  walletId: "00000000-0000-7000-8000-0000000000cc",
  merchant: { name: "Shop", accentColor: null, frameOrigins: ["https://private.example"] },
  mode: "live",
  network: "ethereum",
  payoutAddress: "0x52908400098527886E0F7030069857D2E4169EE7",
  reference: "ORDER-1",
  payPath: "ORDER-1-x7",
  amountRequested: 1_500_000n,
  amount: 1_500_000n,
  status: "pending",
  title: "Order",
  description: null,
  returnUrl: "https://shop.example/thanks",
  whiteLabel: false,
  createdAt: new Date("2024-01-15T14:30:00Z"),
  expiresAt: new Date("2024-01-15T15:00:00Z"),
  paidAt: null,
  expiredAt: null,
  cancelledAt: null,
  resolution: null,
  payment: null,
  scannedNumber: 1007,
  logoUpdatedAt: null,
  latestStrayAt: null,
};
const PAYMENT = {
  txHash: "0xabc",
  value: 150_000_000n,
  blockNumber: 1000,
  detectedAt: new Date("2024-01-15T14:35:00Z"),
  confirmations: null,
};

describe("the public status", () => {
  it("holds the documented fields and nothing else", () => {
    expect(payStatus({ ...INVOICE, payment: PAYMENT }, now)).toEqual({
      reference: "ORDER-1",
      status: "pending",
      amountUsdtExact: "150.0000",
      network: "ethereum",
      payment: { confirmations: 8, requiredConfirmations: 12, detectedAt: "2024-01-15T14:35:00Z", txHash: "0xabc" },
      expiresAt: "2024-01-15T15:00:00Z",
      serverTime: "2024-01-15T14:40:00Z",
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("keeps the confirmations with which it was confirmed", () => {
    const invoice = { ...INVOICE, payment: { ...PAYMENT, confirmations: 12 }, scannedNumber: 5000 };
    expect(payStatus(invoice, now).payment?.confirmations).toBe(12);
  });

  it("has a new version whenever the page would show something else, and only then", () => {
    const version = (change: Partial<PayInvoice>, at = now) => payStatus({ ...INVOICE, ...change }, at).version;
    const changes: Partial<PayInvoice>[] = [
      {},
      { payment: PAYMENT },
      { payment: PAYMENT, scannedNumber: 1008 },
      { payment: { ...PAYMENT, txHash: "0xdef" } },
      { status: "confirmed", payment: { ...PAYMENT, confirmations: 12 } },
      { status: "expired" },
      { status: "cancelled" },
      { latestStrayAt: now },
      { expiresAt: new Date(now.getTime() - 1) },
      { expiresAt: new Date("2024-01-15T16:00:00Z") },
    ];
    expect(new Set(changes.map((change) => version(change))).size).toBe(changes.length);
    // Time passes, blocks come, the merchant writes: nothing that this page shows.
    expect(version({ scannedNumber: 2000, title: "Other" }, new Date(now.getTime() + 60_000))).toBe(version({}));
    // Deep enough and not yet final: more blocks change nothing.
    expect(version({ payment: PAYMENT, scannedNumber: 1011 })).toBe(version({ payment: PAYMENT, scannedNumber: 1200 }));
  });

  it("is final when nothing happens by itself any more", () => {
    expect(isFinal(INVOICE)).toBe(false);
    for (const status of ["confirmed", "expired", "cancelled"] as const)
      expect(isFinal({ ...INVOICE, status })).toBe(true);
    // A payment that came to light late is being confirmed.
    expect(isFinal({ ...INVOICE, status: "expired", payment: PAYMENT })).toBe(false);
  });
});

describe("the pay page's view", () => {
  const view = (change: Partial<PayInvoice>) => payView({ ...INVOICE, ...change }, {}, now);

  it("names the state a person is in", () => {
    const past = new Date(now.getTime() - 1);
    expect(view({}).state).toBe("waiting");
    expect(view({ payment: PAYMENT }).state).toBe("seen");
    // Not expired before the network was read up to that moment; a payment in flight still counts.
    expect(view({ expiresAt: past }).state).toBe("overdue");
    expect(view({ expiresAt: past, payment: PAYMENT }).state).toBe("seen");
    expect(view({ status: "confirmed", payment: PAYMENT }).state).toBe("confirmed");
    expect(view({ status: "expired" }).state).toBe("expired");
    expect(view({ status: "cancelled" }).state).toBe("cancelled");
  });

  it("holds nothing private", () => {
    const text = JSON.stringify(view({ payment: PAYMENT }));
    for (const secret of ["private", INVOICE.id, INVOICE.merchantId, INVOICE.walletId]) {
      expect(text).not.toContain(secret);
    }
  });

  it("explains the exact amount only where it differs", () => {
    expect(view({}).amountAsked).toBeNull();
    expect(view({ amount: 1_500_003n })).toMatchObject({ amountAsked: "150.0000", amountUsdtExact: "150.0003" });
  });

  it("says that a payment counts although the time is over", () => {
    const past = new Date(now.getTime() - 1);
    expect(view({ expiresAt: past, payment: PAYMENT }).afterTime).toBe(true);
    expect(view({ payment: PAYMENT }).afterTime).toBe(false);
    expect(view({ status: "expired", expiresAt: past, payment: PAYMENT }).state).toBe("seen");
  });

  it("counts the seconds left, never below zero", () => {
    expect(view({}).secondsLeft).toBe(1200);
    expect(view({ expiresAt: new Date(0) }).secondsLeft).toBe(0);
  });

  it("shows what the merchant accepted where it is not what was asked for", () => {
    const manual = { status: "confirmed", resolution: "manual", paidAt: now } as const;
    expect(view({ ...manual, payment: { ...PAYMENT, value: 149_000_001n } })).toMatchObject({
      amountPaid: "149.000001",
      acceptedByHand: true,
    });
    expect(view({ payment: PAYMENT }).amountPaid).toBeNull();
  });

  it("tells of strays what a customer needs, and not who sent them", () => {
    const stray: UnmatchedTransfer = {
      id: "t",
      merchantId: INVOICE.merchantId,
      walletId: INVOICE.walletId,
      network: "ethereum",
      mode: "live",
      txHash: "0xstray",
      fromAddress: "0xfrom",
      toAddress: INVOICE.payoutAddress,
      value: 149_999_900n,
      blockNumber: 1,
      blockTime: now,
      reason: "underpaid",
      likelyInvoiceId: INVOICE.id,
      likelyReference: "ORDER-1",
    };
    const notices = (strays: UnmatchedTransfer[], orphaned = false) =>
      payView(INVOICE, { strays, orphaned }, now).notices;
    expect(notices([stray])).toEqual([
      {
        reason: "underpaid",
        amountUsdt: "149.9999",
        txHash: "0xstray",
        explorerUrl: "https://etherscan.io/tx/0xstray",
      },
    ]);
    expect(notices([{ ...stray, reason: "unknown" }])).toEqual([]);
    expect(notices(Array.from({ length: 9 }, () => stray))).toHaveLength(3);
    expect(notices([], true)).toEqual([{ reason: "orphaned" }]);
  });

  it("links a real transaction to its explorer, never a simulated one", () => {
    expect(view({ payment: PAYMENT }).explorerUrl).toBe("https://etherscan.io/tx/0xabc");
    expect(view({ payment: PAYMENT, mode: "test" }).explorerUrl).toBeNull();
  });

  it("leads back to the shop by itself just after the payment, not for ever", () => {
    const paid = { status: "confirmed", resolution: "automatic", payment: PAYMENT } as const;
    expect(view({ ...paid, paidAt: new Date(now.getTime() - 60_000) }).returnsByItself).toBe(true);
    expect(view({ ...paid, paidAt: new Date(now.getTime() - 3_600_000) }).returnsByItself).toBe(false);
    expect(view({}).returnsByItself).toBe(false);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "//shop.example", "shop.example", "", null])(
    "offers no link to %j",
    (returnUrl) => expect(view({ returnUrl }).returnUrl).toBeNull(),
  );

  it("offers http and https links", () => {
    expect(view({}).returnUrl).toBe("https://shop.example/thanks");
    expect(view({ returnUrl: "http://localhost:8080/a b" }).returnUrl).toBe("http://localhost:8080/a%20b");
  });
});
