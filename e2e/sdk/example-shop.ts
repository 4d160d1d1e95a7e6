/** A shop of examples/, copied to an empty folder, installed there as its README says, and running. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { command, emptyFolder, packSdk, ROOT } from "./pack";

export interface Shop {
  /** `http://127.0.0.1:port`. */
  url: string;
  /** What it printed. */
  output: () => string;
  /** Ends it and starts it again on what it has stored. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** @param env the shop's variables; PORT and SHOP_URL are given. */
export async function startShop(name: string, env: Record<string, string>): Promise<Shop> {
  const folder = emptyFolder();
  const inside = join(folder.path, name);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = "";
  let child: ChildProcess | undefined;
  let closed: Promise<unknown> = Promise.resolve();

  async function stop(): Promise<void> {
    if (child?.pid && child.exitCode === null) kill(child.pid);
    await closed;
  }

  async function start(): Promise<void> {
    const { PATH = "", HOME = "" } = process.env;
    const variables = { PATH, HOME, NEXT_TELEMETRY_DISABLED: "1", PORT: String(port), SHOP_URL: url, ...env };
    // A group of its own: npm, its shell and the server end together.
    const started = spawn("npm", ["start"], {
      cwd: inside,
      detached: true,
      env: variables as unknown as NodeJS.ProcessEnv,
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    closed = new Promise((resolve) => started.once("close", resolve));
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
      if (started.exitCode !== null) break;
      if (
        await fetch(url)
          .then(({ ok }) => ok)
          .catch(() => false)
      )
        return;
    }
    throw new Error(`The shop ${name} did not start:\n${output}`);
  }

  try {
    cpSync(join(ROOT, "examples", name), inside, {
      recursive: true,
      filter: (path) => !/node_modules|\.next|\.tgz$|orders\.json/.test(path.slice(ROOT.length)),
    });
    await packSdk(inside);
    await command("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], inside);
    const { scripts } = JSON.parse(readFileSync(join(inside, "package.json"), "utf8")) as { scripts: object };
    if ("build" in scripts) await command("npm", ["run", "build"], inside);
    await start();
  } catch (error) {
    await stop();
    folder.remove();
    throw error;
  }
  return {
    url,
    output: () => output,
    async restart() {
      await stop();
      await start();
    },
    async stop() {
      await stop();
      folder.remove();
    },
  };
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGTERM");
  } catch {
    // It ended in the meantime.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Presses the only button of a page, as a browser without JavaScript does. @returns where it leads. */
export async function press(pageUrl: string): Promise<string> {
  const html = await (await fetch(pageUrl)).text();
  const form = /<form[^>]*>/i.exec(html)?.[0];
  if (!form) throw new Error(`There is no form on ${pageUrl}:\n${html.slice(0, 2000)}`);
  const attribute = (tag: string, name: string) =>
    unescaped(new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1] ?? "");
  const body = new FormData();
  for (const [input] of html.matchAll(/<input[^>]*>/gi)) body.set(attribute(input, "name"), attribute(input, "value"));
  const action = new URL(attribute(form, "action") || pageUrl, pageUrl);
  const response = await fetch(action, { method: "POST", body, redirect: "manual" });
  const location = response.headers.get("location");
  if (!location) throw new Error(`${action} answered ${response.status} ${(await response.text()).slice(0, 500)}`);
  return new URL(location, action).href;
}

const ENTITIES: Record<string, string> = { quot: '"', amp: "&", lt: "<", gt: ">", "#x27": "'", "#39": "'" };
const unescaped = (text: string) => text.replace(/&(#?\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
