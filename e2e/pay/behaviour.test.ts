import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright";
import { describe, expect, it } from "vitest";
import { axeFindings, watchPage } from "@/e2e/browser";
import { shoot, shown, type TillInvoice, untilShown, useTill } from "./till";

const till = useTill();
const said = (page: Page) => page.locator("#pay-said").textContent();
const scenario = (page: Page, name: string) => page.locator(`#scenario-${name}`).click();
const isPaid = ({ status }: { status: string }) => status === "confirmed";

describe("a real payment on a local chain, watched from the page", () => {
  it("goes from waiting to the receipt and back to the shop; the back button does no harm", async () => {
    const returnUrl = `${till.gateway.url}/?order=1`;
    const invoice = await till.invoice({ returnUrl }, { mode: "live" });
    const page = await till.open("about:blank");
    const seen = watchPage(page, till.gateway.url);
    await page.goto(invoice.paymentUrl);
    expect(await page.title()).toBe(`Waiting for payment · ${invoice.amountUsdtExact} USDT · Northwind Books`);
    const { hash } = await till.pay(invoice);
    await untilShown(page, "seen");
    expect(await page.title()).toMatch(/^Confirming 1\/12 · /);
    expect(await said(page)).toBe("Payment seen");
    expect(await page.locator("a#payment-explorer").getAttribute("href")).toBe(`https://etherscan.io/tx/${hash}`);
    await till.node.mine(5);
    await page.getByText("6 of 12 confirmations").waitFor();
    await shoot(page, "real-seen");
    await till.node.mine(8);
    await untilShown(page, "confirmed");
    expect(await page.title()).toMatch(/^Paid · /);
    expect(await said(page)).toBe("Paid");
    expect(await page.locator("main").textContent()).toContain(hash);
    await shoot(page, "real-confirmed");
    await page.waitForURL(returnUrl, { timeout: 20_000 });
    await page.goBack();
    await untilShown(page, "confirmed");
    await sleep(9_500);
    expect(page.url()).toBe(invoice.paymentUrl);
    expect(seen.foreign).toEqual([]);
    await page.context().close();
  });
});

describe("the way back to the shop", () => {
  it("can be stopped, and is not taken then", async () => {
    const invoice = await till.invoice({ returnUrl: `${till.gateway.url}/?order=2` });
    await till.simulate(invoice, "exact");
    await till.until(invoice, isPaid);
    const page = await till.open(invoice.paymentUrl);
    await page.locator("#stay").click();
    await page.getByText("You stay on this page").waitFor();
    await sleep(9_000);
    expect(page.url()).toBe(invoice.paymentUrl);
    await page.locator("#return").click();
    await page.waitForURL(/order=2/);
    await page.context().close();
  });
});

describe("without JavaScript", () => {
  it("amount, address and QR are there, what needs a script is not, and the page renews itself", async () => {
    const invoice = await till.invoice();
    const page = await till.open(invoice.paymentUrl, { javaScriptEnabled: false });
    const text = (await page.locator("main").textContent()) ?? "";
    expect(text).toContain(invoice.amountUsdtExact);
    expect(text).toContain(invoice.payoutAddress);
    expect(await page.locator("svg[role=img]").first().isVisible()).toBe(true);
    expect(await page.locator("[data-copy]").first().isVisible()).toBe(false);
    expect(text).toMatch(/Time left (29|30) minutes/);
    const html = await (await fetch(invoice.paymentUrl)).text();
    expect(html).toContain('http-equiv="refresh"');
    // The other QR is a choice that needs none either.
    await page.getByText("With amount").click();
    expect(await page.locator("svg[role=img]").nth(0).isVisible()).toBe(false);
    expect(await page.locator("svg[role=img]").nth(1).isVisible()).toBe(true);
    await scenario(page, "exact");
    await till.until(invoice, isPaid);
    await page.reload();
    expect(await shown(page)).toBe("confirmed");
    await page.context().close();
  });

  it("cancel asks first, and its form does it", async () => {
    const invoice = await till.invoice();
    const page = await till.open(invoice.whiteLabel?.cancelUrl ?? "", { javaScriptEnabled: false });
    expect((await till.status(invoice)).status).toBe("pending");
    await page.getByRole("button", { name: "Cancel the invoice" }).click();
    expect(page.url()).toBe(invoice.paymentUrl);
    expect(await shown(page)).toBe("cancelled");
    expect((await till.status(invoice)).status).toBe("cancelled");
    await page.context().close();
  });
});

describe("cancelling", () => {
  const post = (invoice: TillInvoice, token: string) =>
    fetch(`${invoice.paymentUrl}/cancel`, { method: "POST", body: new URLSearchParams({ token }), redirect: "manual" });
  const tokenOf = (invoice: TillInvoice) =>
    new URL(invoice.whiteLabel?.cancelUrl ?? "").searchParams.get("token") ?? "";

  it("a GET, a HEAD, a missing or a wrong token change nothing and offer nothing", async () => {
    const [invoice, other] = [await till.invoice(), await till.invoice()];
    for (const method of ["GET", "HEAD"]) await fetch(invoice.whiteLabel?.cancelUrl ?? "", { method });
    for (const token of ["", "?token=", "?token=wrong", `?token=${tokenOf(other)}`]) {
      const response = await fetch(`${invoice.paymentUrl}/cancel${token}`);
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain("<form");
    }
    for (const token of ["", "wrong", tokenOf(other)]) expect((await post(invoice, token)).status).toBe(403);
    expect((await till.status(invoice)).status).toBe("pending");
  });

  it("the pay page itself does not offer it", async () => {
    const invoice = await till.invoice();
    expect(await (await fetch(invoice.paymentUrl)).text()).not.toMatch(/\/cancel|token/);
  });

  it("is refused once a payment was seen, and says so", async () => {
    const invoice = await till.invoice({}, { network: "tron" });
    await till.simulate(invoice, "exact");
    await till.until(invoice, ({ payment }) => payment !== null);
    const response = await post(invoice, tokenOf(invoice));
    expect(response.status).toBe(409);
    expect(await response.text()).toContain("cannot be cancelled any more");
    expect((await till.status(invoice)).status).toBe("pending");
  });

  it("leads back to the page it belongs to, by a path of our own only", async () => {
    const invoice = await till.invoice();
    const response = await post(invoice, tokenOf(invoice));
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(new URL(invoice.paymentUrl).pathname);
  });
});

describe("it lives", () => {
  it("a lost connection is told, and made up for", async () => {
    const invoice = await till.invoice();
    const page = await till.open(invoice.paymentUrl);
    // A stream that opens just then would rightly say that there is a connection.
    await sleep(2_000);
    await page.context().setOffline(true);
    await page.locator("#pay-offline").waitFor({ state: "visible" });
    await till.simulate(invoice, "exact");
    await till.until(invoice, isPaid);
    expect(await shown(page)).toBe("waiting");
    await page.context().setOffline(false);
    await untilShown(page, "confirmed");
    expect(await page.locator("#pay-offline").isVisible()).toBe(false);
    await page.context().close();
  });

  it("runs by the server's clock, however wrong the visitor's is", async () => {
    const invoice = await till.invoice({ expirySeconds: 600 });
    const page = await till.open("about:blank");
    await page.addInitScript(() => {
      const real = Date.now;
      Date.now = () => real() + 5 * 365 * 86_400_000;
    });
    await page.goto(invoice.paymentUrl);
    expect(await page.locator("[data-countdown]").textContent()).toMatch(/^(10:00|9:\d\d)$/);
    await sleep(2_500);
    expect(await page.locator("[data-countdown]").textContent()).toMatch(/^9:\d\d$/);
    await page.context().close();
  });

  it("expires in front of the visitor's eyes, at the second the server says", async () => {
    const invoice = await till.invoice();
    await till.endsIn(invoice, 8);
    const page = await till.open(invoice.paymentUrl);
    expect(await page.locator("[data-countdown]").textContent()).toMatch(/^0:0\d$/);
    await untilShown(page, "expired");
    expect(await said(page)).toBe("This invoice has expired");
    await page.context().close();
  });

  it("tells of a wrong amount, of a late payment and of a lost block without reloading", async () => {
    const invoice = await till.invoice({ amountUsdt: "7000" }, { network: "tron" });
    const page = await till.open(invoice.paymentUrl);
    await page.evaluate(() => Object.assign(window, { same: true }));
    await till.simulate(invoice, "underpaid");
    await page.locator("main").getByText("6300.0000 USDT arrived: less than 7000.0000").waitFor();
    await till.simulate(invoice, "reorged");
    await page.locator("main").getByText("A payment was seen and is gone again").waitFor();
    await till.simulate(invoice, "late");
    await page.locator("main").getByText("7000.0000 USDT arrived too late").waitFor({ timeout: 30_000 });
    expect(await page.evaluate(() => "same" in window)).toBe(true);
    await page.context().close();
  });

  it("polls where event streams do not get through", async () => {
    const invoice = await till.invoice();
    const page = await till.open("about:blank");
    await page.route("**/events", (route) => route.abort());
    await page.goto(invoice.paymentUrl);
    await till.simulate(invoice, "exact");
    await untilShown(page, "confirmed", 30_000);
    await page.context().close();
  });
});

describe("the event stream", () => {
  async function open(invoice: TillInvoice, headers: Record<string, string> = {}) {
    const response = await fetch(`${invoice.paymentUrl}/events`, { headers });
    const text = { now: "", ended: false };
    const done = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        text.now += decoder.decode(chunk);
      text.ended = true;
    })().catch(() => {
      text.ended = true;
    });
    return { response, text, done };
  }
  const events = (text: string) => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "{}"));

  it("begins with the whole status, tells every change, and ends with the final one; who comes back then is told to stop", async () => {
    const invoice = await till.invoice();
    const { response, text, done } = await open(invoice);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toContain("no-transform");
    await till.simulate(invoice, "exact");
    await done;
    const told = events(text.now);
    expect(told[0]).toMatchObject({ reference: invoice.reference, status: "pending", payment: null });
    expect(told.at(-1)).toMatchObject({ status: "confirmed" });
    expect(Object.keys(told[0])).toEqual(Object.keys(await till.status(invoice)));
    const id = [...text.now.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
    expect((await open(invoice, { "last-event-id": id })).response.status).toBe(204);
    // Whoever knew something else hears how it ended.
    const late = await open(invoice, { "last-event-id": "before" });
    await late.done;
    expect(events(late.text.now)).toHaveLength(1);
  });

  it("answers HEAD without a stream, and 404 in the contract's form where there is no invoice", async () => {
    const invoice = await till.invoice();
    const head = await fetch(`${invoice.paymentUrl}/events`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const missing = await fetch(`${till.gateway.url}/pay/nope/events`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ statusCode: 404, code: "not_found", error: "Not Found" });
  });

  it("a server that stops ends its streams within its ten seconds, and pages come back to the next one", async () => {
    const invoice = await till.invoice();
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(invoice)));
    const page = await till.open(invoice.paymentUrl);
    const begun = Date.now();
    expect(await till.gateway.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(Date.now() - begun).toBeLessThan(10_000);
    await Promise.all(streams.map(({ done }) => done));
    await till.gateway.restart();
    await till.simulate(invoice, "exact");
    await untilShown(page, "confirmed", 60_000);
    await page.context().close();
  });
});

describe("a test invoice's scenarios", () => {
  it("do nothing on a live invoice, whatever is posted", async () => {
    const invoice = await till.invoice({}, { mode: "live" });
    for (const name of ["exact", "late", "expire", "reorged"]) {
      const body = new URLSearchParams({ scenario: name });
      const response = await fetch(`${invoice.paymentUrl}/sandbox`, { method: "POST", body, redirect: "manual" });
      expect(response.status).toBe(404);
    }
    expect(await till.status(invoice)).toMatchObject({ status: "pending", payment: null });
    const [row] = await till.sql`select count(*)::int as n from simulations where invoice_id = ${invoice.id}`;
    expect(row?.n).toBe(0);
    expect(await (await fetch(invoice.paymentUrl)).text()).not.toContain("sandbox");
  });

  it("refuse what they do not know", async () => {
    const invoice = await till.invoice();
    const post = (body: BodyInit, type?: string) =>
      fetch(`${invoice.paymentUrl}/sandbox`, { method: "POST", body, headers: type ? { "content-type": type } : {} });
    expect((await post(new URLSearchParams({ scenario: "steal" }))).status).toBe(400);
    expect((await post("{}", "application/json")).status).toBe(415);
    expect((await post(new URLSearchParams({ scenario: "x".repeat(5_000) }))).status).toBe(413);
    expect((await fetch(`${invoice.paymentUrl}/sandbox`)).status).toBe(405);
  });
});

describe("nothing private", () => {
  it("is in the page, the status or the events, nor is the page to be had as data", async () => {
    const metadata = { note: "PRIVATE-METADATA" };
    const callbackUrl = "https://private-callback.example/hook";
    const invoice = await till.invoice({ metadata, callbackUrl });
    await till.simulate(invoice, "underpaid");
    const [row] = await till.sql`select merchant_id, wallet_id from invoices where id = ${invoice.id}`;
    const [stray] = await till.sql`select from_address from transfers order by detected_at desc limit 1`;
    const secrets = ["PRIVATE-METADATA", "private-callback", invoice.id, row?.merchant_id, row?.wallet_id];
    secrets.push("till@example.com", till.merchant.testKey, stray?.from_address, "whsec_");
    const stream = await fetch(`${invoice.paymentUrl}/events`);
    const reader = stream.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    for (const url of [invoice.paymentUrl, `${invoice.paymentUrl}/status`, invoice.whiteLabel?.cancelUrl ?? ""]) {
      const response = await fetch(url);
      const text = `${[...response.headers].join("\n")}\n${await response.text()}${first}`;
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
    const build = (await (await fetch(invoice.paymentUrl)).text()).match(/\/_next\/static\/([\w-]{15,})\//)?.[1];
    for (const id of [build, "development"]) {
      const data = await fetch(`${till.gateway.url}/_next/data/${id}/pay/${invoice.reference}.json`);
      expect(data.status).toBe(404);
    }
  });

  it("text from outside stays text", async () => {
    const title = `"><script>window.hacked=1</script><img src=x onerror=window.hacked=1>`;
    const invoice = await till.invoice({ title, description: "</title></script>{{x}}", reference: `<b>'"&%` });
    const page = await till.open(invoice.paymentUrl);
    expect(await page.locator("h1").textContent()).toBe(title);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    await page.context().close();
  });
});

describe("a person who", () => {
  it("has only a keyboard reaches everything, and hears that it was copied", async () => {
    const invoice = await till.invoice();
    const page = await till.open(invoice.paymentUrl, { permissions: ["clipboard-read", "clipboard-write"] });
    const reached: string[] = [];
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press("Tab");
      const id = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const { outlineStyle } = getComputedStyle(element.closest("label") ?? element);
        return outlineStyle === "none" ? `no outline: ${element.outerHTML}` : element.id || element.tagName;
      });
      reached.push(id);
      if (id === "copy-amount") {
        await page.keyboard.press("Enter");
        await page.locator("#copy-amount[data-result=copied]").waitFor();
        expect(await said(page)).toBe("Amount copied");
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(invoice.amountUsdtExact);
      }
      if (id === "qr-address") {
        await page.keyboard.press("ArrowRight");
        expect(await page.locator("#qr-request").isChecked()).toBe(true);
        await page.keyboard.press("ArrowLeft");
      }
      if (id === "copy-address") {
        await page.keyboard.press("Space");
        await page.locator("#copy-address[data-result=copied]").waitFor();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(invoice.payoutAddress);
      }
      if (id === "SUMMARY") break;
    }
    expect(reached.filter((id) => id.startsWith("no outline"))).toEqual([]);
    expect(reached).toEqual(
      expect.arrayContaining(["scenario-exact", "copy-amount", "qr-address", "copy-address", "SUMMARY"]),
    );
    await page.context().close();
  });

  it("zooms to 200 % and 400 % reads on without scrolling sideways", async () => {
    const invoice = await till.invoice({ amountUsdt: "999999.9999" });
    const page = await till.open(invoice.paymentUrl);
    for (const width of [640, 320]) {
      await page.setViewportSize({ width, height: 450 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    await page.context().close();
  });

  it("wants no motion sees none", async () => {
    const invoice = await till.invoice();
    const page = await till.open(invoice.paymentUrl, { reducedMotion: "reduce" });
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((element) => {
          const { transitionDuration, transitionProperty, animationName } = getComputedStyle(element);
          return animationName !== "none" || (transitionProperty !== "none" && transitionDuration !== "0s");
        }).length,
    );
    expect(moving).toBe(0);
    await page.context().close();
  });

  it.each(["es", "pt", "ru", "tr", "ar", "vi", "id", "zh-CN"])(
    "reads %s gets it, and may choose another",
    async (locale) => {
      const invoice = await till.invoice();
      const page = await till.open(invoice.paymentUrl, { locale });
      const html = page.locator("html");
      expect(await html.getAttribute("lang")).toBe(locale);
      expect(await html.getAttribute("dir")).toBe(locale === "ar" ? "rtl" : "ltr");
      expect(await page.locator("main").textContent()).not.toContain("Send exactly");
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await axeFindings(page)).toEqual([]);
      await shoot(page, `language-${locale}`);
      await page.locator("summary").click();
      await page.locator('a[hreflang="en"]').click();
      expect(await html.getAttribute("lang")).toBe("en");
      // The choice is remembered.
      await page.goto(invoice.paymentUrl);
      expect(await html.getAttribute("lang")).toBe("en");
      await page.context().close();
    },
  );
});

describe("white label", () => {
  const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

  it("shows the merchant's name, logo and colour, and nothing of ours", async () => {
    const { merchantId } = till.merchant;
    await till.sql`update merchants set accent_color = '#b4004e', frame_origins = '["https://shop.example"]' where id = ${merchantId}`;
    await till.sql`insert into merchant_logos (merchant_id, media_type, content)
      values (${merchantId}, 'image/png', decode(${PIXEL}, 'base64'))`;
    try {
      const invoice = await till.invoice({ returnUrl: "https://shop.example/thanks" });
      await till.simulate(invoice, "exact");
      await till.until(invoice, isPaid);
      const page = await till.open("about:blank");
      const seen = watchPage(page, till.gateway.url);
      const response = await page.goto(invoice.paymentUrl);
      expect(await response?.text()).not.toMatch(/usdt gateway|icon\.svg/i);
      const logo = page.locator("main img");
      expect(await logo.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBe(1);
      const colors = await page.locator("#return").evaluate((link) => {
        const { backgroundColor, color } = getComputedStyle(link);
        return [backgroundColor, color];
      });
      expect(colors).toEqual(["rgb(180, 0, 78)", "rgb(255, 255, 255)"]);
      expect(await axeFindings(page)).toEqual([]);
      expect(seen).toEqual({ foreign: [], complaints: [] });
      await shoot(page, "white-label");
      // And who may frame it.
      const headers = response?.headers() ?? {};
      expect(headers["content-security-policy"]).toContain("frame-ancestors https://shop.example");
      expect(headers["x-frame-options"]).toBeUndefined();
      const ours = await (await fetch((await till.invoice({ useWhiteLabel: false })).paymentUrl)).text();
      expect(ours).toContain("USDT Gateway");
      await page.context().close();
    } finally {
      await till.sql`update merchants set accent_color = null, frame_origins = '[]' where id = ${merchantId}`;
      await till.sql`delete from merchant_logos where merchant_id = ${merchantId}`;
    }
  });

  it("a page may be framed by nobody where the merchant allows nobody", async () => {
    const { headers } = await fetch((await till.invoice()).paymentUrl);
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });
});

describe("the first opening", () => {
  it("is noted once, when a person opens the page: not by HEAD, not by a preview of the link", async () => {
    const invoice = await till.invoice();
    const openings = async () => {
      await sleep(300);
      return till.sql`select opened_at from invoice_openings where invoice_id = ${invoice.id}`;
    };
    await fetch(invoice.paymentUrl, { method: "HEAD" });
    await fetch(invoice.paymentUrl, { headers: { "user-agent": "TelegramBot (like TwitterBot)" } });
    await fetch(invoice.paymentUrl, { headers: { "sec-purpose": "prefetch" } });
    await fetch(`${invoice.paymentUrl}/status`);
    expect(await openings()).toHaveLength(0);
    const page = await till.open(invoice.paymentUrl);
    const [first] = await openings();
    expect(first).toBeDefined();
    await page.reload();
    expect((await openings())[0]?.opened_at).toEqual(first?.opened_at);
    await page.context().close();
  });
});
