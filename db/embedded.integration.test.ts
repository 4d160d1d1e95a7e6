import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onSmallDisk } from "@/e2e/small-disk";
import { connect } from "./connect";
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, processStart, startEmbeddedPostgres } from "./embedded";

const isRoot = process.getuid?.() === 0;
let base: string;
let dir: string;
let started: EmbeddedPostgres[];

beforeEach(() => {
  // mkdtemp makes it 0700 and, where the tests run as root, root's: the hard case is the normal one here.
  base = mkdtempSync(join(tmpdir(), "gateway-embedded-"));
  dir = join(base, "postgres");
  started = [];
});
afterEach(async () => {
  for (const server of started) await server.stop("immediate");
  rmSync(base, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dir, password: "secret", settings: { fsync: "off" }, ...options });
  started.push(server);
  return server;
}

async function query(url: string, text: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = connect(url, { max: 1, connect_timeout: 5 });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function until(what: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await what()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error("waited too long");
  }
}

/** What an initdb that did not end leaves beside the data directory. */
const halfMade = () => readdirSync(base).filter((name) => name.includes(".init"));

test("a database in UTF-8 and UTC, reachable with the password only, on the loopback address only", async () => {
  const server = await start();
  const rows = await query(
    server.url,
    `select current_database() as database, current_user as "user", current_setting('TimeZone') as zone,
       current_setting('server_encoding') as encoding, current_setting('listen_addresses') as address,
       current_setting('unix_socket_directories') as sockets, lower('ÄÖ') as lower`,
  );
  expect(rows[0]).toEqual({
    database: "gateway",
    user: "gateway",
    zone: "UTC",
    encoding: "UTF8",
    address: "127.0.0.1",
    sockets: "",
    lower: "äö",
  });
  await expect(query(server.url.replace("secret", "wrong"), "select 1")).rejects.toThrow(/password/);
  expect(halfMade()).toEqual([]);
  if (isRoot) expect(statSync(dir).uid).not.toBe(0);
});

test("data and port survive a stop and a start, and the stop leaves no process", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 42 as answer");
  await first.stop();
  expect(processStart(first.pid)).toBeNull();
  const second = await start();
  expect(second.port).toBe(first.port);
  expect((await query(second.url, "select answer from kept"))[0]).toEqual({ answer: 42 });
});

test("another port is chosen when somebody else has the remembered one", async () => {
  const first = await start();
  await first.stop();
  const squatter = createServer().listen(first.port, "127.0.0.1");
  try {
    expect((await start()).port).not.toBe(first.port);
  } finally {
    squatter.close();
  }
});

test("durable unless told otherwise", async () => {
  const server = await start({ settings: {} });
  expect((await query(server.url, "show fsync"))[0]).toEqual({ fsync: "on" });
});

test("after a kill -9 of PostgreSQL it runs again on the same port with the same data", async () => {
  const lines: string[] = [];
  const server = await start({ log: (line) => lines.push(line) });
  await query(server.url, "create table kept as select 1 as n");
  for (let round = 0; round < 2; round++) {
    const pid = server.pid;
    process.kill(pid, "SIGKILL");
    await until(() => server.pid !== pid);
    await until(() =>
      query(server.url, "select n from kept").then(
        () => true,
        () => false,
      ),
    );
  }
  expect(lines.filter((line) => line.includes("stopped by itself"))).toHaveLength(2);
});

test("a busy backend that outlives a killed postmaster does not keep it from starting again", async () => {
  const server = await start();
  const busy = query(server.url, "select count(*) from generate_series(1, 4000000000)").catch(() => {});
  await sleep(500);
  const pid = server.pid;
  process.kill(pid, "SIGKILL");
  await until(() => server.pid !== pid, 20_000);
  await until(() =>
    query(server.url, "select 1").then(
      () => true,
      () => false,
    ),
  );
  await busy;
});

test("when it cannot be started again, one line says so", async () => {
  const crashes: string[] = [];
  const server = await start({ onCrash: (line) => crashes.push(line) });
  renameSync(join(dir, "global"), join(dir, "global.gone"));
  process.kill(server.pid, "SIGKILL");
  await until(() => crashes.length > 0, 40_000);
  expect(crashes).toHaveLength(1);
  expect(crashes[0]).toMatch(/^PostgreSQL stopped by itself and cannot be started again: .+/);
  expect(crashes[0]).not.toContain("\n");
});

/** Another process that starts a PostgreSQL on `dir`, prints its pid and keeps it. */
function holder() {
  const script = join(base, "hold.mts");
  const module = JSON.stringify(new URL("./embedded.ts", import.meta.url).href);
  writeFileSync(
    script,
    `import { startEmbeddedPostgres } from ${module};
     const server = await startEmbeddedPostgres({ dir: ${JSON.stringify(dir)}, password: "secret" });
     console.log(server.pid);
     setInterval(() => {}, 1000);`,
  );
  return spawn(process.execPath, ["--import", "tsx", script], { stdio: ["ignore", "pipe", "inherit"] });
}

test("a PostgreSQL left by a killed process is stopped and its data taken over", async () => {
  const other = holder();
  const leftPid = Number(await new Promise((done) => other.stdout.once("data", (data) => done(String(data)))));
  const ended = new Promise((done) => other.once("exit", done));
  other.kill("SIGKILL");
  await ended;
  expect(processStart(leftPid)).not.toBeNull();
  const server = await start();
  expect(server.pid).not.toBe(leftPid);
  await until(() => processStart(leftPid) === null);
  expect((await query(server.url, "select 1 as n"))[0]).toEqual({ n: 1 });
});

test.each([
  ["of a process that is gone", () => "999999999"],
  ["of another living program", () => String(process.ppid)],
  ["that is empty, as after a power cut", () => ""],
])("a stale pid file %s is no obstacle", async (_name, pid) => {
  await (await start()).stop();
  writeFileSync(
    join(dir, "postmaster.pid"),
    pid() && `${pid()}\n${dir}\n1700000000\n5432\n\n127.0.0.1\n  1 1\nready\n`,
  );
  const server = await start();
  expect((await query(server.url, "select 1 as n"))[0]).toEqual({ n: 1 });
});

test("what a crash left half-made is cleared and made anew", async () => {
  mkdirSync(join(`${dir}.init-abc`, "data"), { recursive: true });
  writeFileSync(join(`${dir}.init-abc`, "data", "PG_VERSION"), "18\n");
  const server = await start();
  expect((await query(server.url, "select 1 as n"))[0]).toEqual({ n: 1 });
  expect(halfMade()).toEqual([]);
});

test("an initdb that goes on after its process was killed does not get into the files of the next", async () => {
  for (const afterMs of [0, 100, 400]) {
    const other = holder();
    await until(() => halfMade().length > 0, 30_000);
    await sleep(afterMs);
    other.kill("SIGKILL");
    const server = await start();
    expect((await query(server.url, "select 1 as n"))[0]).toEqual({ n: 1 });
    await server.stop("immediate");
    expect(halfMade()).toEqual([]);
    rmSync(dir, { recursive: true });
  }
});

test("somebody else's files are never touched: a directory that is no database is refused", async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, "holiday.jpg"), "x");
  await expect(start()).rejects.toThrow(/is not empty and holds no PostgreSQL data/);
  expect(readFileSync(join(dir, "holiday.jpg"), "utf8")).toBe("x");
});

test("data of another major version is refused in one line", async () => {
  await (await start()).stop();
  writeFileSync(join(dir, "PG_VERSION"), "12\n");
  await expect(start()).rejects.toThrow(/was made by PostgreSQL 12/);
});

test("a place that cannot hold a directory is named", async () => {
  writeFileSync(join(base, "file"), "");
  dir = join(base, "file", "postgres");
  await expect(start()).rejects.toThrow(`${join(base, "file")}`);
});

test.runIf(isRoot && process.platform === "linux")("a full or read-only disk is named in one line", async (context) => {
  const disk = join(base, "disk");
  await onSmallDisk(context, disk, "20m", async () => {
    dir = join(disk, "postgres");
    await expect(start()).rejects.toThrow(`The disk is full: PostgreSQL cannot write to ${dir}`);
    execFileSync("mount", ["-o", "remount,ro", disk]);
    await expect(start()).rejects.toThrow(`The disk is read-only: PostgreSQL cannot write to ${dir}`);
  });
});

test.runIf(isRoot)("root's data directory may lie open or below directories closed to everyone else", async () => {
  for (const mode of [0o755, 0o700]) {
    const parent = join(base, mode.toString(8));
    mkdirSync(parent);
    chmodSync(base, mode);
    chmodSync(parent, mode);
    const server = await start({ dir: join(parent, "postgres") });
    expect((await query(server.url, "select 1 as n"))[0]).toEqual({ n: 1 });
    expect(statSync(parent).mode & 0o777).toBe(mode);
    await server.stop();
  }
});

test.runIf(isRoot)("a data directory that was copied by root is given back to PostgreSQL's user", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 7 as n");
  await first.stop();
  const copy = join(base, "copy");
  cpSync(dir, copy, { recursive: true });
  expect(statSync(copy).uid).toBe(0);
  const second = await start({ dir: copy });
  expect((await query(second.url, "select n from kept"))[0]).toEqual({ n: 7 });
});
