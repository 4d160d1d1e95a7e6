import { describe, expect, it } from "vitest";
import type { InvoiceView } from "@/db/queries/invoices";
import { payStatus, payView } from "./view";

const now = new Date("2024-01-15T14:40:00.900Z");
const INVOICE: InvoiceView & { merchantName: string } = {
  id: "00000000-0000-7000-8000-0000000000aa",
  merchantId: "00000000-0000-7000-8000-0000000000bb",
  walletId: "00000000-0000-7000-8000-0000000000cc",
  merchantName: "Shop",
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
  callbackUrl: "https://private.example/hook",
  returnUrl: "https://shop.example/thanks",
  metadata: '{"private":1}',
  whiteLabel: false,
  createdAt: new Date("2024-01-15T14:30:00Z"),
  expiresAt: new Date("2024-01-15T15:00:00Z"),
  paidAt: null,
  expiredAt: null,
  cancelledAt: null,
  resolution: null,
  payment: null,
  scannedNumber: 1007,
};
const PAYMENT = {
  txHash: "0xabc",
  fromAddress: "0xfrom",
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
    });
  });

  it("keeps the confirmations with which it was confirmed", () => {
    const invoice = { ...INVOICE, payment: { ...PAYMENT, confirmations: 12 }, scannedNumber: 5000 };
    expect(payStatus(invoice, now).payment?.confirmations).toBe(12);
  });
});

describe("the pay page's view", () => {
  const view = (change: Partial<InvoiceView>) => payView({ ...INVOICE, ...change }, now);

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
    for (const secret of ["private", "0xfrom", INVOICE.id, INVOICE.merchantId, INVOICE.walletId]) {
      expect(text).not.toContain(secret);
    }
  });

  it("explains the exact amount only where it differs", () => {
    expect(view({}).amountAsked).toBeNull();
    expect(view({ amount: 1_500_003n })).toMatchObject({ amountAsked: "150.0000", amountUsdtExact: "150.0003" });
  });

  it("rounds the time left up to minutes and never below zero", () => {
    expect(view({}).minutesLeft).toBe(20);
    expect(view({ expiresAt: new Date(0) }).minutesLeft).toBe(0);
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
