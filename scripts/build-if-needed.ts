/**
 * Builds the web application when the build is missing or was made from other sources. "Other" is decided by content, so
 * neither a fresh clone's modification times nor a deleted file can mislead it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "@/db/embedded";
import { takeLock } from "@/scripts/data-dir";

/** The build failed; the message holds the tail of its output. */
export class BuildError extends Error {
  override name = "BuildError";
}

/** Everything the build reads. Tests are left out: changing one changes no page. */
const DIRECTORIES = ["app", "pages", "components", "messages", "lib", "db", "inngest", "public"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json", "instrumentation.ts", "proxy.ts"];
const IGNORED = /(^|\/)\.|\.test\.tsx?$|\.map$/;
const OTHER_BUILD_TIMEOUT_MS = 10 * 60_000;

/** What the last build here was made from. Next.js keeps `.next/cache` when it cleans the rest. */
type Stamp = { buildId: string; hash: string } | { building: { pid: number; start: string | null } };

const buildIdFile = (root: string): string => join(root, ".next/BUILD_ID");
const stampFile = (root: string): string => join(root, ".next/cache/gateway-build.json");

/** The files a build is made from, as sorted paths relative to `root`. */
export function sourceFiles(root: string): string[] {
  const configs = readdirSync(root).filter((name) => /\.config\.(ts|mts|js|mjs|cjs)$/.test(name));
  const found = [...FILES, ...configs].filter((name) => existsSync(join(root, name)));
  for (const directory of DIRECTORIES) {
    if (!existsSync(join(root, directory))) continue;
    for (const entry of readdirSync(join(root, directory), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath ?? entry.path, entry.name).slice(join(root, "/").length);
      if (entry.isFile() && !IGNORED.test(path)) found.push(path);
    }
  }
  return found.filter((path) => !/^vitest\.|^playwright\.|^drizzle\./.test(path)).sort();
}

/** A hash over the names and contents of {@link sourceFiles}. */
export function sourceHash(root: string): string {
  const hash = createHash("sha256");
  for (const path of sourceFiles(root)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Why a build is needed, or null if the one that is there fits the sources. */
export function whyBuild(root: string): string | null {
  // A copy without sources (scripts/make-standalone.mjs) is what it is.
  if (!existsSync(join(root, "app"))) return null;
  const buildId = read(buildIdFile(root));
  // Written last; without it the build was interrupted.
  if (buildId === null || !existsSync(join(root, ".next/required-server-files.json"))) return "there is no build yet";
  const stamp = readStamp(root);
  if (stamp && "building" in stamp) return "the last build did not finish";
  const hash = sourceHash(root);
  if (stamp?.buildId === buildId) return stamp.hash === hash ? null : "the sources changed";
  // Somebody ran `next build` by hand (or copied the build here): good if nothing was touched since.
  if (newestChangeMs(root) > statSync(buildIdFile(root)).mtimeMs) return "the sources changed";
  tryToStamp(root, { buildId, hash });
  return null;
}

/**
 * Runs `next build` if {@link whyBuild} says so. Only one build runs at a time in a checkout; others wait for it.
 * @param say receives one line before a build starts and one when it is done.
 * @throws {BuildError} with the end of the build's output.
 */
export async function buildIfNeeded(root: string, say: (line: string) => void): Promise<void> {
  if (whyBuild(root) === null) return;
  mkdirSync(join(root, ".next/cache"), { recursive: true });
  let told = false;
  const lock = await takeLock(join(root, ".next/cache/gateway-build.lock"), { role: "admin" }, (holder, waitedMs) => {
    if (!told) say(`Waiting for the build that process ${holder.pid} runs here …`);
    told = true;
    if (waitedMs > OTHER_BUILD_TIMEOUT_MS) {
      throw new BuildError(`Process ${holder.pid} has been building here for 10 minutes: end it and start again`);
    }
  });
  try {
    const why = whyBuild(root);
    if (why === null) return;
    await endAbandonedBuild(root);
    say(`Building (${why}); this takes a minute …`);
    const started = Date.now();
    await build(root);
    say(`Built in ${Math.round((Date.now() - started) / 1000)} s.`);
  } finally {
    lock.release();
  }
}

async function build(root: string): Promise<void> {
  // The hash of what the build starts from: what is edited meanwhile must cause another build.
  const hash = sourceHash(root);
  const next = join(root, "node_modules/next/dist/bin/next");
  // A group of its own, so that the build's workers end with it.
  const child = spawn(process.execPath, [next, "build"], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  const endBuild = (): void => killGroup(child);
  process.on("exit", endBuild);
  if (child.pid !== undefined) stampAs(root, { building: { pid: child.pid, start: processStart(child.pid) } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-20_000);
    });
  }
  const code = await new Promise<number | null>((done) => {
    child.once("error", () => done(null));
    child.once("close", done);
  });
  process.off("exit", endBuild);
  const buildId = read(buildIdFile(root));
  if (code !== 0 || buildId === null) {
    const tail = output.trim().split("\n").slice(-40).join("\n");
    throw new BuildError(`${tail}\n\nThe build failed; what it said is above. Correct it and start again.`);
  }
  stampAs(root, { buildId, hash });
}

/** A gateway killed while it built leaves the build running; two in one directory would spoil each other. */
async function endAbandonedBuild(root: string): Promise<void> {
  const stamp = readStamp(root);
  if (!stamp || !("building" in stamp)) return;
  const { pid, start } = stamp.building;
  for (let waited = 0; start !== null && processStart(pid) === start && waited < 5000; waited += 100) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended in the meantime.
    }
    await sleep(100);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

function newestChangeMs(root: string): number {
  const files = sourceFiles(root);
  // A directory changes when a file in it is deleted.
  const directories = new Set(files.flatMap((path) => parents(path)));
  return Math.max(...[...files, ...directories].map((path) => statSync(join(root, path)).mtimeMs));
}

function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function readStamp(root: string): Stamp | null {
  try {
    return JSON.parse(readFileSync(stampFile(root), "utf8")) as Stamp;
  } catch {
    return null;
  }
}

function stampAs(root: string, stamp: Stamp): void {
  mkdirSync(join(root, ".next/cache"), { recursive: true });
  rmSync(stampFile(root), { force: true });
  writeFileSync(stampFile(root), JSON.stringify(stamp));
}

function tryToStamp(root: string, stamp: Stamp): void {
  try {
    stampAs(root, stamp);
  } catch {
    // A read-only installation with a finished build: the comparison by time will do again next time.
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
