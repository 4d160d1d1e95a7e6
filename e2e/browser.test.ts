import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeFindings, newVisitor, VIEWPORTS, watchPage } from "@/e2e/browser";
import { useBrowser } from "@/e2e/use-browser";

const browser = useBrowser();
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<!doctype html><html><head><title>x</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body><p>10.0000 USDT</p><img src="data:,">
      <script>console.warn("a warning"); fetch("http://127.0.0.1:1/away").catch(() => {})</script></body></html>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

test("a visitor has the width and theme that was asked for", async () => {
  const visitor = await newVisitor(browser(), "phone", "dark");
  const page = await visitor.newPage();
  await page.goto(url);
  expect(await page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]")).toEqual([
    VIEWPORTS.phone.width,
    true,
  ]);
  await visitor.close();
});

test("axe names what is wrong, and requests to other hosts and console messages are seen", async () => {
  const visitor = await newVisitor(browser());
  const page = await visitor.newPage();
  const seen = watchPage(page, url);
  await page.goto(url, { waitUntil: "networkidle" });
  const findings = (await axeFindings(page)).map((line) => line.split(":")[0]);
  expect(findings).toContain("html-has-lang");
  expect(findings).toContain("image-alt");
  expect(seen.foreign).toEqual(["http://127.0.0.1:1/away"]);
  expect(seen.complaints.join()).toContain("a warning");
  await visitor.close();
});
