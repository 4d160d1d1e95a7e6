import type { Browser } from "playwright";
import { afterAll, beforeAll } from "vitest";
import { startBrowser } from "@/e2e/browser";

/** One browser for a test file: `browser()` in its tests. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  return () => {
    if (!browser) throw new Error("the browser is started before the first test");
    return browser;
  };
}
