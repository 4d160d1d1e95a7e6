import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFindings, newVisitor, startBrowser, watchPage } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";

let gateway: Gateway;
let browser: Browser;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

describe("every page's policy", () => {
  it("runs its own scripts, by a nonce that no other answer has", async () => {
    const nonces = await Promise.all(
      ["/", "/nowhere", "/"].map(async (path) => {
        const response = await fetch(`${gateway.url}${path}`);
        const policy = response.headers.get("content-security-policy") ?? "";
        const nonce = /script-src 'nonce-([^']+)' 'strict-dynamic'/.exec(policy)?.[1];
        const html = await response.text();
        const scripts = html.match(/<script\b[^>]*>/g) ?? [];
        expect(scripts.length).toBeGreaterThan(0);
        for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(3);
  });

  it("lets nobody frame it, and asks nobody else for anything", async () => {
    for (const path of ["/", "/nowhere", "/pay/nowhere"]) {
      const { headers } = await fetch(`${gateway.url}${path}`);
      expect(headers.get("x-frame-options"), path).toBe("DENY");
      expect(headers.get("content-security-policy"), path).toContain("frame-ancestors 'none'");
    }
  });

  it("stands in nobody's way: no complaints, and scripts run", async () => {
    const visitor = await newVisitor(browser);
    const page = await visitor.newPage();
    const seen = watchPage(page, gateway.url);
    await page.goto(gateway.url);
    await page.waitForFunction(() => Object.keys(document).some((key) => key.startsWith("__reactContainer")));
    expect(seen).toEqual({ foreign: [], complaints: [] });
    expect(await axeFindings(page)).toEqual([]);
    await visitor.close();
  });

  it("blocks a script that somebody got into the page", async () => {
    const visitor = await newVisitor(browser);
    const page = await visitor.newPage();
    await page.route("**/nowhere", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace("</body>", "<script>window.stolen = true</script></body>");
      await route.fulfill({ response, body });
    });
    await page.goto(`${gateway.url}/nowhere`);
    expect(await page.evaluate(() => "stolen" in window)).toBe(false);
    await visitor.close();
  });
});
