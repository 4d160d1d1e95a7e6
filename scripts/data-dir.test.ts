import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applySecrets, loadSecrets, openDataDir, readLock, takeLock } from "./data-dir";

let base: string;
let dir: string;
const module = JSON.stringify(new URL("./data-dir.ts", import.meta.url).href);

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "gateway-data-dir-"));
  dir = join(base, "data");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Starts another process that runs `code` with data-dir's exports in scope as `d`. */
function other(code: string) {
  const script = join(base, `${Math.random()}.mts`);
  writeFileSync(script, `import * as d from ${module}; const dir = ${JSON.stringify(dir)}; ${code}`);
  return spawn(process.execPath, ["--import", "tsx", script], { stdio: ["ignore", "pipe", "inherit"] });
}
const firstOutput = (child: ReturnType<typeof other>) =>
  new Promise<string>((done) => child.stdout.once("data", (data) => done(String(data).trim())));
const ended = (child: ReturnType<typeof other>) => new Promise<number | null>((done) => child.once("close", done));

test("secrets are made once, are strong, and nobody else may read them", async () => {
  const first = await openDataDir(dir, { role: "server" });
  first.release();
  expect(first.secrets.encryptionKey).toMatch(/^[0-9a-f]{64}$/);
  for (const secret of [first.secrets.authSecret, first.secrets.databasePassword, first.secrets.metricsToken]) {
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  }
  expect(new Set(Object.values(first.secrets)).size).toBe(4);
  expect(statSync(join(dir, "secrets.json")).mode & 0o777).toBe(0o600);
  expect(statSync(dir).mode & 0o066).toBe(0);
  const second = await openDataDir(dir, { role: "server" });
  second.release();
  expect(second.secrets).toEqual(first.secrets);
  expect(readdirSync(dir)).toEqual(["secrets.json"]);
});

test("processes that generate secrets at the same time end with the same ones", async () => {
  const children = Array.from({ length: 4 }, () => other("console.log(JSON.stringify(d.loadSecrets(dir)))"));
  const printed = await Promise.all(children.map(firstOutput));
  expect(new Set(printed).size).toBe(1);
});

test("damaged or lost secrets stop the start instead of being replaced", () => {
  loadSecrets(dir);
  writeFileSync(join(dir, "secrets.json"), "{");
  expect(() => loadSecrets(dir)).toThrow(/secrets\.json is damaged: restore it from your backup/);
  rmSync(join(dir, "secrets.json"));
  mkdirSync(join(dir, "postgres"));
  writeFileSync(join(dir, "postgres", "PG_VERSION"), "18");
  expect(() => loadSecrets(dir)).toThrow(/secrets\.json is missing, but the database beside it/);
});

test("the environment wins over generated secrets; a blank variable does not", () => {
  const secrets = loadSecrets(dir);
  const target: Record<string, string | undefined> = { AUTH_SECRET: "mine", ENCRYPTION_KEY: " " };
  applySecrets(secrets, target);
  expect(target).toEqual({
    AUTH_SECRET: "mine",
    ENCRYPTION_KEY: secrets.encryptionKey,
    METRICS_TOKEN: secrets.metricsToken,
  });
});

test("a second server is told who runs and where, in one line", async () => {
  const held = await openDataDir(dir, { role: "server", port: 3000 });
  await expect(openDataDir(dir, { role: "server" })).rejects.toThrow(
    `The gateway is already running on ${dir} (pid ${process.pid}, port 3000)`,
  );
  held.note({ database: "ready" });
  expect(await readLock(dir)).toMatchObject({ role: "server", port: 3000, database: "ready", pid: process.pid });
  held.release();
  expect(await readLock(dir)).toBeNull();
});

test("a running admin command is waited for", async () => {
  const held = await openDataDir(dir, { role: "admin" });
  setTimeout(() => held.release(), 500);
  const server = await openDataDir(dir, { role: "server" });
  server.release();
});

test("the lock of a killed process is taken over at once", async () => {
  const child = other(
    'await d.openDataDir(dir, { role: "server" }); console.log("held"); setInterval(() => {}, 1000);',
  );
  expect(await firstOutput(child)).toBe("held");
  expect(await readLock(dir)).toMatchObject({ pid: child.pid });
  child.kill("SIGKILL");
  await ended(child);
  const begun = Date.now();
  const held = await openDataDir(dir, { role: "server" });
  expect(Date.now() - begun).toBeLessThan(1000);
  held.release();
});

test("a reused pid is not taken for the holder", async () => {
  (await openDataDir(dir, { role: "server" })).release();
  const held = await openDataDir(dir, { role: "server" });
  const file = join(dir, "gateway.lock");
  const holder = JSON.parse(readFileSync(file, "utf8"));
  held.release();
  writeFileSync(file, JSON.stringify({ ...holder, pid: process.ppid }));
  expect(await readLock(dir)).toBeNull();
  (await openDataDir(dir, { role: "server" })).release();
});

test("a holder in another container is alive while its heart beats", async () => {
  const held = await openDataDir(dir, { role: "server" });
  const file = join(dir, "gateway.lock");
  const holder = JSON.parse(readFileSync(file, "utf8"));
  // Our own heartbeat keeps the file fresh, so this is a live process whose pid means nothing here.
  writeFileSync(file, JSON.stringify({ ...holder, pid: 999_999_999, realm: "elsewhere" }));
  expect(await readLock(dir)).toMatchObject({ realm: "elsewhere" });
  held.release();
  writeFileSync(file, JSON.stringify({ ...holder, token: "x", pid: process.pid, realm: "elsewhere" }));
  expect(await readLock(dir)).toBeNull();
}, 20_000);

test("a lock damaged by a power cut is replaced", async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, "gateway.lock"), "");
  (await openDataDir(dir, { role: "server" })).release();
  expect(existsSync(join(dir, "gateway.lock"))).toBe(false);
});

test("of many that take a stale lock over, one at a time holds it", async () => {
  mkdirSync(dir);
  const counter = join(base, "inside");
  writeFileSync(
    join(dir, "gateway.lock"),
    JSON.stringify({ token: "old", pid: 1, start: "0", realm: "gone", role: "server" }),
  );
  const code = `import { writeFileSync, rmSync } from "node:fs";
    const held = await d.openDataDir(dir, { role: "admin" });
    writeFileSync(${JSON.stringify(counter)}, "", { flag: "wx" });
    await new Promise((done) => setTimeout(done, 100));
    rmSync(${JSON.stringify(counter)});
    held.release();`;
  const codes = await Promise.all(Array.from({ length: 6 }, () => ended(other(code))));
  expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
}, 40_000);

test("a place that cannot be written to is named, with what to do", async () => {
  writeFileSync(join(base, "file"), "");
  await expect(openDataDir(join(base, "file", "data"), { role: "server" })).rejects.toThrow(
    `${join(base, "file", "data")} cannot be made a directory (ENOTDIR): set DATA_DIR to another directory`,
  );
});

test.runIf(process.platform === "linux")(
  "a directory that the system refuses to make does not hang the start",
  async () => {
    await expect(openDataDir("/proc/gateway", { role: "server" })).rejects.toThrow("/proc/gateway cannot be made");
  },
);

test("whoever waits for a lock is asked again and may give up", async () => {
  const file = join(base, "some.lock");
  const held = await takeLock(file, { role: "admin" }, () => {});
  let asked = 0;
  await expect(
    takeLock(file, { role: "admin" }, () => {
      if (++asked === 3) throw new Error("enough");
    }),
  ).rejects.toThrow("enough");
  held.release();
  execFileSync("test", ["!", "-e", file]);
});
