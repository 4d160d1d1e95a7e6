import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { isPortFree, processStart, readPidFile } from "@/db/embedded";
import { onSmallDisk } from "@/e2e/small-disk";
import { buildIfNeeded } from "@/scripts/build-if-needed";

/** The operator's view of `npm start`: whatever is killed, taken or wrong ends in a recovery or one clear line. */

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
let base: string;
let dataDir: string;
let gateways: Gateway[];

interface Gateway {
  child: ChildProcess;
  port: number;
  stdout: () => string;
  stderr: () => string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

beforeAll(() => buildIfNeeded(root, () => {}), 600_000);
beforeEach(() => {
  // 0700 and, where the tests run as root, root's: what `mktemp -d` gives an operator.
  base = mkdtempSync(join(tmpdir(), "gateway-start-"));
  dataDir = join(base, "data");
  gateways = [];
});
afterEach(async () => {
  for (const { child, exited } of gateways) {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  }
  const left = postmaster();
  if (left !== null) process.kill(left, "SIGQUIT");
  while (postmaster() !== null) await sleep(50);
  rmSync(base, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  for (;;) {
    const port = 30_000 + Math.floor(Math.random() * 2_000);
    if (await isPortFree(port)) return port;
  }
}

/** Starts a gateway with only these variables; what the test runner itself was given does not reach it. */
async function run(variables: Record<string, string> = {}, command = "node"): Promise<Gateway> {
  const port = Number(variables.PORT ?? (await freePort()));
  const args = command === "npm" ? ["start"] : ["scripts/start.mjs"];
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(command === "npm" ? "npm" : process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH, HOME, NODE_ENV: "production", PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: "warn", ...variables },
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    text.stderr += chunk;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) =>
    child.once("close", (code, signal) => done({ code, signal })),
  );
  const gateway = { child, port, stdout: () => text.stdout, stderr: () => text.stderr, exited };
  gateways.push(gateway);
  return gateway;
}

async function health(port: number): Promise<number> {
  return fetch(`http://127.0.0.1:${port}/api/health`, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.status,
    () => 0,
  );
}

async function ready(gateway: Gateway, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; (await health(gateway.port)) !== 200; await sleep(50)) {
    if (gateway.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`not ready: ${gateway.stdout()}\n${gateway.stderr()}`);
    }
  }
}

/** The pid of the PostgreSQL that runs on this test's data, or null. */
function postmaster(): number | null {
  const pid = readPidFile(join(dataDir, "postgres"))?.pid;
  return pid !== undefined && processStart(pid) !== null ? pid : null;
}

/** Waits for a start that fails, and returns its one line. */
async function refusal(variables: Record<string, string>): Promise<string> {
  const gateway = await run(variables);
  expect(await gateway.exited).toEqual({ code: 1, signal: null });
  expect(gateway.stderr().trim().split("\n")).toHaveLength(1);
  expect(gateway.stderr()).not.toMatch(/\bat .+:\d+:\d+/);
  expect(postmaster()).toBeNull();
  return gateway.stderr().trim();
}

test("a first start needs no configuration, says where to go next, and answers odd methods cleanly", async () => {
  const gateway = await run();
  await ready(gateway);
  while (!gateway.stdout().includes("curl")) await sleep(50);
  expect(gateway.stdout()).toContain(`http://localhost:${gateway.port}/api/health`);
  expect(gateway.stdout()).toContain("tron is off (set TRON_RPC_URLS to turn it on)");
  expect(gateway.stdout()).toContain("npm run --silent admin -- merchant:create");
  expect(gateway.stderr()).toBe("");
  expect(statSync(join(dataDir, "secrets.json")).mode & 0o777).toBe(0o600);
  for (const method of ["TRACE", "PROPFIND"]) {
    const [status, body] = await odd(gateway.port, method);
    expect(status).toBe(405);
    expect(body).toMatchObject({ statusCode: 405, code: "method_not_allowed", error: "Method Not Allowed" });
  }
});

/** A request with a method that fetch refuses to send. */
function odd(port: number, method: string): Promise<[number | undefined, unknown]> {
  return new Promise((done, fail) => {
    const sent = request({ port, method, path: "/api/v1/invoices", host: "127.0.0.1" }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      done([response.statusCode, JSON.parse(Buffer.concat(chunks).toString())]);
    });
    sent.on("error", fail).end();
  });
}

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it cleanly within 10 s, the database included", async (signal) => {
  const gateway = await run();
  await ready(gateway);
  const begun = Date.now();
  gateway.child.kill(signal);
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - begun).toBeLessThan(10_000);
  expect(postmaster()).toBeNull();
  expect(existsSync(join(dataDir, "gateway.lock"))).toBe(false);
  expect(existsSync(join(dataDir, "postgres", "postmaster.pid"))).toBe(false);
  expect(gateway.stderr()).toBe("");
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s to npm ends everything that npm started", async (signal) => {
  const gateway = await run({}, "npm");
  await ready(gateway);
  const { pid } = JSON.parse(readFileSync(join(dataDir, "gateway.lock"), "utf8")) as { pid: number };
  gateway.child.kill(signal);
  for (const deadline = Date.now() + 10_000; processStart(pid) !== null || postmaster() !== null; await sleep(50)) {
    expect(Date.now()).toBeLessThan(deadline);
  }
  expect(existsSync(join(dataDir, "gateway.lock"))).toBe(false);
});

test("SIGTERM while it starts leaves nothing behind either", async () => {
  for (const afterMs of [300, 700, 1000]) {
    const gateway = await run();
    await sleep(afterMs);
    gateway.child.kill("SIGTERM");
    await gateway.exited;
    await sleep(300);
    expect(postmaster()).toBeNull();
  }
  await ready(await run());
});

test("after a kill -9 the next start takes over what was left", async () => {
  const first = await run();
  await ready(first);
  first.child.kill("SIGKILL");
  await first.exited;
  const left = postmaster();
  expect(left).not.toBeNull();
  const begun = Date.now();
  const second = await run({ PORT: String(first.port) });
  await ready(second);
  expect(Date.now() - begun).toBeLessThan(15_000);
  expect(postmaster()).not.toBe(left);
});

test("after a kill -9 of PostgreSQL it is well again by itself", async () => {
  const gateway = await run();
  await ready(gateway);
  for (let round = 0; round < 2; round++) {
    const pid = postmaster();
    if (pid === null) throw new Error("no PostgreSQL");
    process.kill(pid, "SIGKILL");
    for (const deadline = Date.now() + 30_000; postmaster() === pid || postmaster() === null; await sleep(50)) {
      expect(Date.now(), gateway.stdout() + gateway.stderr()).toBeLessThan(deadline);
    }
    await ready(gateway, 30_000);
  }
  expect(gateway.child.exitCode).toBeNull();
});

test("a second start on the same DATA_DIR says who runs, and does the first no harm", async () => {
  const first = await run();
  await ready(first);
  const second = await run();
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.stderr().trim()).toBe(
    `The gateway is already running on ${dataDir} (pid ${first.child.pid}, port ${first.port}): stop it first, ` +
      "or set another DATA_DIR and PORT to run a second one",
  );
  expect(await health(first.port)).toBe(200);
});

test("a taken port is named", async () => {
  const squatter = createServer();
  const port = await freePort();
  await new Promise<void>((done) => squatter.listen(port, done));
  try {
    expect(await refusal({ PORT: String(port) })).toMatch(new RegExp(`^PORT ${port} is taken by another program`));
  } finally {
    squatter.close();
  }
});

test.each([
  ["PORT", "http"],
  ["TRON_RPC_URLS", "not a url"],
  ["ENCRYPTION_KEY", "short"],
  ["DATABASE_URL", "mysql://x"],
  ["APP_URL", "https://shop.example.com/?page=1"],
  // Contracts with a letter or two mistyped.
  ["TRON_USDT_CONTRACT", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"],
  ["ETHEREUM_USDT_CONTRACT", "0xdAC17F958D2ee523a2206206994597C13D831ec8"],
])("a wrong value stops the start with one line that names %s", async (name, value) => {
  expect(await refusal({ [name]: value })).toMatch(new RegExp(`^${name} `));
});

test("Inngest without its signing key stops the start: anybody could command its work", async () => {
  expect(await refusal({ INNGEST_EVENT_KEY: "key" })).toMatch(/^INNGEST_SIGNING_KEY must be set too: /);
  expect(await refusal({ INNGEST_SIGNING_KEY: "ab".repeat(32) })).toMatch(/^INNGEST_EVENT_KEY must be set too: /);
});

test("an unreachable DATABASE_URL is named, without its password", async () => {
  const line = await refusal({ DATABASE_URL: "postgres://gateway:hush@127.0.0.1:1/gateway" });
  expect(line).toMatch(/^Cannot use the database in DATABASE_URL \(127\.0\.0\.1:1\/gateway\): .*ECONNREFUSED/);
  expect(line).not.toContain("hush");
});

test("a DATA_DIR that cannot be made is named", async () => {
  writeFileSync(join(base, "file"), "");
  expect(await refusal({ DATA_DIR: join(base, "file", "data") })).toContain(join(base, "file", "data"));
});

test.runIf(process.getuid?.() === 0 && process.platform === "linux")(
  "a full or read-only disk is named",
  async (context) => {
    const disk = join(base, "disk");
    await onSmallDisk(context, disk, "20m", async () => {
      const dir = join(disk, "data");
      expect(await refusal({ DATA_DIR: dir })).toMatch(new RegExp(`^The disk is full: .*${dir}`));
      execFileSync("mount", ["-o", "remount,ro", disk]);
      expect(await refusal({ DATA_DIR: dir })).toMatch(new RegExp(`^The disk is read-only: .*${dir}`));
    });
  },
);

/** Runs an admin command on this test's data. @throws Error with what it said. */
function runAdmin<T = Record<string, string>>(args: string[], dir = dataDir): Promise<T> {
  return new Promise((done, fail) => {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/admin.ts", ...args], {
      cwd: root,
      env: { PATH, HOME, NODE_ENV: "production", DATA_DIR: dir },
    });
    const text = { out: "", errors: "" };
    child.stdout.on("data", (chunk) => {
      text.out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      text.errors += chunk;
    });
    child.once("close", (code) => (code === 0 ? done(JSON.parse(text.out) as T) : fail(new Error(text.errors))));
  });
}

const merchant = (email: string) => ["merchant:create", "--email", email, "--name", "Shop"];

test("the command line works without a server, while one starts, and beside one", async () => {
  const admin = (email: string) => runAdmin(merchant(email));
  expect((await admin("a@example.com")).merchantId).toMatch(/^[0-9a-f-]{36}$/);
  expect(postmaster()).toBeNull();
  const gateway = await run();
  while (!existsSync(join(dataDir, "gateway.lock"))) await sleep(5);
  expect((await admin("b@example.com")).merchantId).toBeTruthy();
  await ready(gateway);
  expect((await admin("c@example.com")).merchantId).toBeTruthy();
  expect(await health(gateway.port)).toBe(200);
});

test("a network that cannot be read is named at the start, with the command that fits this DATA_DIR", async () => {
  const gateway = await run({ ETHEREUM_RPC_URLS: "http://127.0.0.1:10/key-of-the-node" });
  await ready(gateway);
  while (!gateway.stdout().includes("curl")) await sleep(50);
  expect(gateway.stdout()).toMatch(/ethereum is on, but cannot be read: .+ \(check ETHEREUM_RPC_URLS\)/);
  expect(gateway.stdout()).toContain(`DATA_DIR=${dataDir} npm run --silent admin -- merchant:create`);
  expect(gateway.stdout()).not.toContain("key-of-the-node");
  const report = (await (await fetch(`http://127.0.0.1:${gateway.port}/api/health`)).json()) as {
    networks: { network: string; nodes: { node: string; error: string | null }[] }[];
  };
  const { nodes } = report.networks.find(({ network }) => network === "ethereum") ?? {};
  expect(nodes).toEqual([{ node: "http://127.0.0.1:10/…", error: expect.any(String) }]);
});

test("another ENCRYPTION_KEY than the database's stops the start, and commands too", async () => {
  await runAdmin(merchant("a@example.com"));
  const key = "ab".repeat(32);
  expect(await refusal({ ENCRYPTION_KEY: key })).toMatch(/^ENCRYPTION_KEY is not the one /);
  const file = join(dataDir, "secrets.json");
  const kept = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(kept), encryptionKey: key }));
  await expect(runAdmin(merchant("b@example.com"))).rejects.toThrow(/^ENCRYPTION_KEY is not the one .*\n$/);
  writeFileSync(file, kept);
  await ready(await run());
});

test.runIf(process.getuid?.() === 0 && process.platform === "linux")(
  "a disk that fills while it runs is a 503 until there is room, and nothing has to be started again",
  async (context) => {
    const disk = join(base, "disk");
    await onSmallDisk(context, disk, "160m", async () => {
      const dir = join(disk, "data");
      const gateway = await run({ DATA_DIR: dir });
      await ready(gateway);
      const { merchantId = "", testKey } = await runAdmin(merchant("a@example.com"), dir);
      const address = `0x${"1".repeat(40)}`;
      await runAdmin(["wallet:add", "--merchant", merchantId, "--network", "ethereum", "--address", address], dir);
      const create = async () => {
        const response = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/invoices`, {
          method: "POST",
          headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
          body: JSON.stringify({ amountUsdt: "10", metadata: { padding: "x".repeat(8000) } }),
        });
        return [response.status, ((await response.json()) as { code?: string }).code];
      };
      expect(await create()).toEqual([201, undefined]);
      const file = join(disk, "other");
      try {
        execFileSync("dd", ["if=/dev/zero", `of=${file}`, "bs=1M"], { stdio: "ignore" });
      } catch {
        // It ends when the disk is full.
      }
      let answer = await create();
      for (let i = 0; answer[0] === 201 && i < 200; i++) answer = await create();
      expect(answer).toEqual([503, "unavailable"]);
      rmSync(file);
      await expect.poll(create, { timeout: 30_000 }).toEqual([201, undefined]);
      gateway.child.kill("SIGTERM");
      expect(await gateway.exited).toEqual({ code: 0, signal: null });
    });
  },
);
