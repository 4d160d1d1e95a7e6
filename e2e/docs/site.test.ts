import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFindings, newVisitor, startBrowser, watchPage } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { docsPath, docsSources } from "@/lib/docs/content";

/** The site in a real Chromium: every page readable by everybody, every link alive, nothing asked of anybody else. */

let gateway: Gateway;
let browser: Browser;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway({ env: { REGISTRATION: "open" } }), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

const PAGES = ["/", ...docsSources().map(({ slug }) => docsPath(slug))];

async function visit(
  path: string,
  options?: Parameters<typeof newVisitor>,
): Promise<{ page: Page; visitor: BrowserContext }> {
  const visitor = await newVisitor(...(options ?? ([browser] as const)));
  const page = await visitor.newPage();
  await page.goto(gateway.url + path, { waitUntil: "load" });
  return { page, visitor };
}

describe("every page", () => {
  it("answers 200 with its own title and description, without a request to anybody else or a complaint", async () => {
    const visitor = await newVisitor(browser);
    const page = await visitor.newPage();
    const seen = watchPage(page, gateway.url);
    const titles = new Set<string>();
    for (const path of PAGES) {
      const response = await page.goto(gateway.url + path);
      expect(response?.status(), path).toBe(200);
      titles.add(await page.title());
      expect((await page.getAttribute('meta[name="description"]', "content"))?.length, path).toBeGreaterThan(20);
      expect(await page.getAttribute('meta[property="og:title"]', "content"), path).toBeTruthy();
      expect(await page.locator("h1").count(), path).toBe(1);
    }
    expect(titles.size).toBe(PAGES.length);
    expect(seen).toEqual({ foreign: [], complaints: [] });
    await visitor.close();
  });

  it("every internal link and anchor leads somewhere", async () => {
    const html = new Map<string, string>();
    const read = async (path: string): Promise<string | null> => {
      const known = html.get(path);
      if (known !== undefined) return known;
      const response = await fetch(gateway.url + path);
      if (response.status !== 200) return null;
      const text = await response.text();
      html.set(path, text);
      return text;
    };
    const dead: string[] = [];
    for (const path of PAGES) {
      for (const [, href = ""] of ((await read(path)) ?? "").matchAll(/<a [^>]*?href="([^"]+)"/g)) {
        const target = new URL(href.replaceAll("&amp;", "&"), gateway.url + path);
        // Addresses of this gateway as the pages print them: APP_URL.
        const isOurs = target.origin === gateway.url || target.origin === `http://localhost:${gateway.port}`;
        if (!isOurs) continue;
        const found = await read(target.pathname);
        const anchor = target.hash.slice(1);
        if (found === null || (anchor && !found.includes(`id="${anchor}"`))) dead.push(`${path} → ${href}`);
      }
    }
    expect(dead).toEqual([]);
  });

  for (const [width, theme] of [
    ["desktop", "light"],
    ["phone", "dark"],
  ] as const) {
    it(`of each kind is accessible: ${width}, ${theme}`, async () => {
      const visitor = await newVisitor(browser, width, theme);
      const page = await visitor.newPage();
      for (const path of ["/", "/docs/quick-start", "/docs/webhooks", "/docs/going-live", "/docs/self-hosting"]) {
        await page.goto(gateway.url + path);
        expect(await axeFindings(page), path).toEqual([]);
      }
      await visitor.close();
    });
  }

  it("is never wider than a phone: what is wide scrolls by itself", async () => {
    const visitor = await newVisitor(browser, "phone");
    const page = await visitor.newPage();
    for (const path of PAGES) {
      await page.goto(gateway.url + path, { waitUntil: "domcontentloaded" });
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
    }
    await visitor.close();
  });

  it("what does not exist answers 404", async () => {
    expect((await fetch(`${gateway.url}/docs/nothing`)).status).toBe(404);
  });
});

describe("reading the docs", () => {
  it("search finds an error code by keyboard alone, and its index comes only when it is opened", async () => {
    const { page, visitor } = await visit("/docs");
    const seen = watchPage(page, gateway.url);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.waitForLoadState("networkidle");
    expect(asked).not.toContain("/docs/search.json");
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Search the docs" }).fill("amount_unavailable");
    await page.getByRole("option").first().waitFor();
    expect(asked).toContain("/docs/search.json");
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/docs\/errors#amount_unavailable$/);
    expect(seen.complaints).toEqual([]);
    await visitor.close();
  });

  it("copy puts the very code into the clipboard, with the reader's own test key, which stays in the tab", async () => {
    const { page, visitor } = await visit("/docs/sandbox", [
      browser,
      "desktop",
      "light",
      { permissions: ["clipboard-read", "clipboard-write"] },
    ]);
    const key = `test_${"A1b2C3d4".repeat(5)}`;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url() + (request.postData() ?? "")));
    await page.getByText("Use your own test key").click();
    await page.getByLabel("Test key").fill(`live_${"A1b2C3d4".repeat(5)}`);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("Live keys are not taken here").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.getByLabel("Test key").fill(key);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("Examples carry your key").waitFor();
    await page.getByRole("button", { name: "Copy the code" }).first().click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain(`Authorization: Bearer ${key}`);
    expect(copied).toContain("/api/v1/sandbox/simulate-payment");
    expect(asked.join("\n")).not.toContain(key);
    expect(await page.evaluate(() => sessionStorage.getItem("usdt-gateway.test-key"))).toBe(key);
    await page.goto(`${gateway.url}/docs/api`);
    await page.getByText("Examples carry your key").waitFor();
    expect(await page.locator("article").innerText()).toContain(key);
    await visitor.close();
  });

  it("without JavaScript the text, the navigation and the tabs work", async () => {
    const { page, visitor } = await visit("/docs/webhooks", [
      browser,
      "desktop",
      "light",
      { javaScriptEnabled: false },
    ]);
    await page.getByText("Python", { exact: true }).click();
    expect(await page.getByText("def verify_signature(raw_body: bytes").isVisible()).toBe(true);
    expect(await page.getByText("export function verifySignature").isVisible()).toBe(false);
    expect(await page.getByText("Not run by our tests").count()).toBe(2);
    await visitor.close();
  });
});

describe("for programs", () => {
  it("llms.txt names every page, the full one holds them, robots and sitemap name this server", async () => {
    const text = async (path: string) => (await fetch(gateway.url + path)).text();
    const [index, full, robots, sitemap] = await Promise.all(
      ["/llms.txt", "/llms-full.txt", "/robots.txt", "/sitemap.xml"].map(text),
    );
    for (const { slug, title } of docsSources()) {
      expect(index).toContain(`[${title}](http://localhost:${gateway.port}${docsPath(slug)})`);
      expect(sitemap).toContain(`<loc>http://localhost:${gateway.port}${docsPath(slug)}</loc>`);
      expect(full).toContain(`# ${title}`);
    }
    expect(robots).toContain(`http://localhost:${gateway.port}/sitemap.xml`);
  });
});

describe("the interactive reference", () => {
  it("is served by us, asks nobody else for anything, and calls the sandbox with a test key", async () => {
    const merchant = await gateway.admin<{ merchantId: string; testKey: string }>(
      ...["merchant:create", "--email", "reader@example.com", "--name", "Reader"],
    );
    const visitor = await newVisitor(browser);
    const page = await visitor.newPage();
    const seen = watchPage(page, gateway.url);
    await page.goto(`${gateway.url}/docs`);
    await page.evaluate((key) => sessionStorage.setItem("usdt-gateway.test-key", key), merchant.testKey);
    await page.goto(`${gateway.url}/reference`);
    const sidebar = page.getByRole("navigation", { name: /Sidebar/ });
    await sidebar.getByText("Account", { exact: true }).click();
    await sidebar.getByText("Get your account").click();
    const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/account"));
    await page
      .getByRole("button", { name: /Test Request.*account/i })
      .first()
      .click();
    await page.getByRole("button", { name: /^Send/ }).first().click();
    const response = await answered;
    expect(response.status()).toBe(200);
    expect(await response.json()).toMatchObject({ id: merchant.merchantId, mode: "test" });
    expect(seen.foreign).toEqual([]);
    expect(seen.complaints.filter((line) => /policy|refused|violat/i.test(line))).toEqual([]);
    await visitor.close();
  });
});
