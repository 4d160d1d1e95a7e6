import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { describe, expect, it } from "vitest";
import { axeFindings, type Theme, VIEWPORTS, type Width, watchPage } from "@/e2e/browser";
import { shoot, type TillInvoice, useTill } from "./till";

const till = useTill();

/** Every state: how it is reached, and what a person must find there. */
const STATES: Record<string, { make: () => Promise<TillInvoice>; says: (RegExp | string)[]; path?: "cancel" }> = {
  waiting: {
    make: () => till.invoice({ description: "Two books and delivery" }),
    says: ["Send exactly", "Send USDT on Ethereum (ERC20) only", "Add its withdrawal fee", "Pay by", "Test invoice"],
  },
  "waiting-tron": {
    make: () => till.invoice({ amountUsdt: "1234567.8901", useWhiteLabel: false }, { network: "tron" }),
    says: ["Send USDT on Tron (TRC20) only", "TronLink", "This page by USDT Gateway"],
  },
  "waiting-live": { make: () => till.invoice({}, { mode: "live" }), says: ["Waiting for your payment"] },
  adjusted: {
    make: async () => {
      const { amountUsdtExact } = await till.invoice();
      return await till.invoice({ amountUsdt: amountUsdtExact });
    },
    says: [/\d+\.\d\d00 was asked for. The last digits tell your payment from others: only exactly \d+\.\d\d01/],
  },
  overdue: {
    make: async () => {
      const invoice = await till.invoice({}, { mode: "live" });
      // The chain stands still before that moment: it is not read up to there yet.
      await till.endsIn(invoice, 1);
      await sleep(2_000);
      return invoice;
    },
    says: ["The time to pay is over", "Do not send anything now", "it still counts"],
  },
  seen: {
    make: async () => {
      const invoice = await till.invoice({}, { network: "tron" });
      await till.simulate(invoice, "exact");
      await till.until(invoice, ({ payment }) => payment !== null);
      return invoice;
    },
    says: ["Payment seen", "nothing more to do", /\d+ of 600 confirmations/, "Transaction"],
  },
  "seen-after-time": {
    make: async () => {
      const invoice = await till.invoice({}, { network: "tron" });
      await till.simulate(invoice, "exact");
      await till.until(invoice, ({ payment }) => payment !== null);
      await till.endsIn(invoice, -1);
      return invoice;
    },
    says: ["Payment seen", "Your payment came in time"],
  },
  confirmed: {
    make: async () => {
      const invoice = await till.invoice({ returnUrl: `${till.gateway.url}/?thanks` });
      await till.simulate(invoice, "exact");
      await till.until(invoice, ({ status }) => status === "confirmed");
      return invoice;
    },
    says: ["Your payment to Northwind Books is confirmed", "Return to Northwind Books", "Stay here", "Transaction"],
  },
  expired: {
    make: async () => {
      const invoice = await till.invoice();
      await till.expire(invoice);
      return invoice;
    },
    says: ["This invoice has expired", "ask Northwind Books for a new invoice"],
  },
  cancelled: {
    make: async () => {
      const invoice = await till.invoice();
      await till.api("POST", `/invoices/${invoice.id}/cancel`);
      return invoice;
    },
    says: ["This invoice was cancelled", "Do not send anything to it"],
  },
  // Amounts of their own: a wrong amount is ascribed to the nearest invoice.
  underpaid: {
    make: () => simulated("underpaid", "500"),
    says: [/USDT arrived: less than/, "Do not send the rest", "contact Northwind Books with the transaction hash"],
  },
  overpaid: { make: () => simulated("overpaid", "2000"), says: [/USDT arrived: more than/, "sees this transfer"] },
  late: { make: () => simulated("late"), says: ["arrived too late", "This invoice has expired"] },
  duplicate: {
    make: async () => {
      const invoice = await simulated("duplicate");
      await till.until(invoice, ({ status }) => status === "confirmed");
      return invoice;
    },
    says: ["The amount arrived a second time", "is confirmed"],
  },
  reorged: {
    make: async () => {
      const invoice = await till.invoice({}, { network: "tron" });
      await till.simulate(invoice, "reorged");
      await till.until(invoice, ({ payment }) => payment !== null);
      await till.until(invoice, ({ payment }) => payment === null);
      return invoice;
    },
    says: ["A payment was seen and is gone again", "before you send anything again", "Send exactly"],
  },
  cancel: { make: () => till.invoice(), path: "cancel", says: ["Cancel this invoice?", "Keep it"] },
};

async function simulated(scenario: string, amountUsdt?: string): Promise<TillInvoice> {
  const invoice = await till.invoice(amountUsdt ? { amountUsdt } : {});
  await till.simulate(invoice, scenario);
  return invoice;
}

const urlOf = (invoice: TillInvoice, path?: "cancel") =>
  path === "cancel" ? (invoice.whiteLabel?.cancelUrl ?? "") : invoice.paymentUrl;

const LOOKS = (["phone", "desktop"] as Width[]).flatMap((width) =>
  (["light", "dark"] as Theme[]).map((theme) => ({ width, theme })),
);

describe("on a phone and a desktop, light and dark", () => {
  it.each(Object.keys(STATES))(
    "%s says what it must, fits, pleases axe, and asks nobody else for anything",
    async (name) => {
      const state = STATES[name];
      if (!state) throw new Error(name);
      const invoice = await state.make();
      const page = await till.open("about:blank");
      const seen = watchPage(page, till.gateway.url);
      for (const { width, theme } of LOOKS) {
        await page.setViewportSize(VIEWPORTS[width]);
        await page.emulateMedia({ colorScheme: theme });
        await page.goto(urlOf(invoice, state.path));
        const text = (await visibleText(page)).replace(/\s+/g, " ");
        for (const said of state.says) expect(text).toMatch(said);
        expect(await sticksOut(page), `${width} ${theme}`).toEqual([]);
        expect(await axeFindings(page), `${width} ${theme}`).toEqual([]);
        await shoot(page, `${name}-${width}-${theme}`);
      }
      expect(seen).toEqual({ foreign: [], complaints: [] });
      await page.context().close();
    },
  );
});

// biome-ignore lint/performance/useDomNodeTextContent: the text as it is seen, without the page's script.
const visibleText = (page: Page) => page.locator("body").innerText();

/** What is wider than the block it stands in, or than the window. */
const sticksOut = (page: Page) =>
  page.evaluate(() => {
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      const block = (element.closest("section, header, footer") ?? document.body).getBoundingClientRect();
      const hidden = element.closest(".sr-only, [hidden], details:not([open]) ul");
      return !hidden && width > 1 && (right > block.right + 1 || left < block.left - 1 || right > innerWidth + 1);
    });
    return wide.map((element) => element.outerHTML.slice(0, 120));
  });

describe("where there is no invoice", () => {
  it.each(["nope", "100%", "%00"])("%s leads to a page that says so", async (reference) => {
    expect((await fetch(`${till.gateway.url}/pay/${reference}`)).status).toBe(404);
  });

  it("it says so in the visitor's language, without JavaScript", async () => {
    const page = await till.open(`${till.gateway.url}/pay/nope`, { javaScriptEnabled: false });
    expect(await page.locator("h1").textContent()).toBe("There is no such invoice");
    expect(await axeFindings(await till.open(`${till.gateway.url}/pay/nope`))).toEqual([]);
    await shoot(page, "missing-phone-light");
    await page.context().close();
  });
});
