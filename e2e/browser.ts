/** A real Chromium for tests: the system's, else Playwright's own, else the one that ships inside an npm package. */
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright";

const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
];

/** The two widths every page is looked at in. */
export const VIEWPORTS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const;
export type Width = keyof typeof VIEWPORTS;
export type Theme = "light" | "dark";

/**
 * Starts a headless Chromium. `CHROMIUM_BIN` names another one.
 * @throws where none can be started, with Chromium's own words.
 */
export async function startBrowser(): Promise<Browser> {
  const { executablePath, env } = await findChromium();
  // No sandbox: tests also run as root and in containers, where Chromium refuses to start with one.
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env } as Record<string, string>,
    args: ["--no-sandbox"],
  });
}

/** A new visitor: no cookies, English, `width` and `theme` as said; what else a context takes goes into `options`. */
export function newVisitor(
  browser: Browser,
  width: Width = "desktop",
  theme: Theme = "light",
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const phone = width === "phone" ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {};
  return browser.newContext({ viewport: VIEWPORTS[width], colorScheme: theme, locale: "en-US", ...phone, ...options });
}

/** What axe has against a page (WCAG 2.2 A and AA, best practices), a line each; an empty list is what a test asks for. */
export async function axeFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`);
}

/** Watches a page from now on. @returns the requests to other hosts, and what it wrote to its console as errors or warnings. */
export function watchPage(page: Page, origin: string): { foreign: string[]; complaints: string[] } {
  const seen = { foreign: [] as string[], complaints: [] as string[] };
  page.on("request", (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && new URL(url).origin !== new URL(origin).origin) seen.foreign.push(url);
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  return seen;
}

async function findChromium(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const named = process.env.CHROMIUM_BIN;
  if (named) return { executablePath: named, env: {} };
  const installed = [...SYSTEM, chromium.executablePath()].find((path) => existsSync(path));
  return installed ? { executablePath: installed, env: {} } : unpackedChromium();
}

/** `@sparticuz/chromium`, with the libraries and fonts that a bare machine lacks. Unpacked once a machine, by whoever is first. */
async function unpackedChromium(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const home = join(tmpdir(), "usdt-gateway-chromium-143");
  if (!existsSync(home)) {
    const own = mkdtempSync(`${home}-`);
    await unpackInto(own);
    try {
      renameSync(own, home);
    } catch {
      // Another process was first.
      rmSync(own, { recursive: true, force: true });
    }
  }
  return {
    executablePath: join(home, "chromium"),
    env: { LD_LIBRARY_PATH: join(home, "al2023", "lib"), FONTCONFIG_PATH: join(home, "fonts") },
  };
}

/** The package unpacks into the temporary directory, and its libraries only where it believes to run on AWS Lambda. */
async function unpackInto(dir: string): Promise<void> {
  const { TMPDIR, AWS_EXECUTION_ENV, LD_LIBRARY_PATH, FONTCONFIG_PATH, HOME } = process.env;
  const before = { TMPDIR, AWS_EXECUTION_ENV, LD_LIBRARY_PATH, FONTCONFIG_PATH, HOME };
  process.env.TMPDIR = dir;
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    await packed.executablePath();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
