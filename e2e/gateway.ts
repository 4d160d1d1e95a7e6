/**
 * The real gateway as a child process, as `npm start` runs it: for the demo, the benchmarks and tests that kill it. Nothing of
 * it outlives the caller, however the caller ends.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { embeddedUrl, isPortFree, processStart, readPidFile } from "@/db/embedded";
import { databaseDir, loadSecrets } from "@/scripts/data-dir";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** The first start builds the web application. */
const START_TIMEOUT_MS = 10 * 60_000;
/** Longer than the server takes for an orderly end before it gives up by itself. */
const STOP_TIMEOUT_MS = 12_000;
const KEPT_LINES = 2_000;

const run = promisify(execFile);

/** How to start a gateway. */
export interface GatewayOptions {
  /** Its environment variables. Of the caller's own environment it gets PATH and HOME only, and nothing of `.env` files. */
  env?: Record<string, string>;
  /** Default: a new temporary directory, removed by `stop`. A given one is kept. */
  dataDir?: string;
  /** Default: any free one. */
  port?: number;
  /** Receives every line that the server prints. */
  onLine?: (line: string) => void;
  /** Aborted during the start: what was started ends, and the start rejects. Afterwards it means nothing. */
  signal?: AbortSignal;
}

/** How a process ended: one of the two is null. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A gateway that was started. */
export interface Gateway {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The server's process id, now; it changes with `restart`. */
  readonly pid: number;
  /** The process id of its embedded PostgreSQL, now; null while none runs. */
  readonly postgresPid: number | null;
  /** The last lines of its output, oldest first, over all restarts. The array grows in place. */
  readonly lines: readonly string[];
  /** The connection string of its embedded database, while that runs. */
  databaseUrl(): string;
  /** Runs `npm run admin -- …args` against it. @returns what it printed. @throws Error with its one line. */
  admin<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  /** Sends the server a signal and waits until it is gone. PostgreSQL may go on running, as after a crash. */
  kill(signal: NodeJS.Signals): Promise<Ending>;
  /** Starts it again on the same port and data (and ends it before, if it runs), and waits until it is healthy. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Ends it and its PostgreSQL, and removes a temporary data directory. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a gateway and waits until `/api/health` answers 200.
 * @throws Error with the end of its output when it ends before that, or takes longer than ten minutes.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const temporary = options.dataDir === undefined;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "usdt-gateway-"));
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const leash = startLeash(dataDir, temporary);
  let variables = options.env ?? {};
  let child: ChildProcess | undefined;
  let ending: Promise<Ending> = Promise.resolve({ code: null, signal: null });

  const environment = (): Record<string, string> => ({
    ...blankEnvFiles(),
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "",
    NODE_ENV: "production",
    LOG_LEVEL: "warn",
    ...variables,
    PORT: String(port),
    DATA_DIR: dataDir,
  });

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [...nodeOptions(), ...startArguments()], {
      cwd: ROOT,
      // A group of its own: Ctrl-C at the caller's terminal is the caller's to handle.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment() as NodeJS.ProcessEnv,
    });
    child = started;
    leash.hold(started.pid ?? 0);
    for (const stream of [started.stdout, started.stderr]) readLines(stream, keep);
    ending = new Promise((done) => {
      started.once("error", (error) => {
        keep(error.message);
        done({ code: 1, signal: null });
      });
      started.once("close", (code, signal) => done({ code, signal }));
    });
    await healthy(started);
  }

  function keep(line: string): void {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES);
    options.onLine?.(line);
  }

  async function healthy(started: ChildProcess): Promise<void> {
    let last = "no answer";
    for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(50)) {
      options.signal?.throwIfAborted();
      if (hasEnded(started)) {
        await ending;
        throw new Error(`The gateway ended before it was healthy:\n${lines.slice(-20).join("\n")}`);
      }
      try {
        const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(10_000) });
        last = `${response.status} ${await response.text()}`;
        if (response.status === 200) return;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
    }
    throw new Error(`The gateway is not healthy after ${START_TIMEOUT_MS / 60_000} minutes: ${last.slice(0, 500)}`);
  }

  async function kill(signal: NodeJS.Signals): Promise<Ending> {
    if (child && !hasEnded(child)) child.kill(signal);
    return ending;
  }

  function postgresPid(): number | null {
    const pid = readPidFile(databaseDir(dataDir))?.pid;
    return pid !== undefined && processStart(pid) !== null ? pid : null;
  }

  /** The orderly way, and when that takes too long the other one. */
  async function end(): Promise<void> {
    if (!child) return;
    const tooLong = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_TIMEOUT_MS);
    await kill("SIGTERM");
    clearTimeout(tooLong);
    // Whoever was killed with SIGKILL leaves its group behind (a build) and its PostgreSQL.
    signalGroup(child, "SIGKILL");
  }

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await end();
    for (let pid = postgresPid(); pid !== null; pid = postgresPid()) {
      // The immediate shutdown: nothing has to be written for a directory that is about to go, and any other recovers.
      signal(pid, "SIGQUIT");
      await sleep(50);
    }
    leash.release();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  }

  const gateway: Gateway = {
    url,
    port,
    dataDir,
    lines,
    get pid() {
      return child?.pid ?? 0;
    },
    get postgresPid() {
      return postgresPid();
    },
    databaseUrl() {
      const postmaster = readPidFile(databaseDir(dataDir));
      if (!postmaster) throw new Error(`no PostgreSQL runs on ${dataDir}`);
      return embeddedUrl(postmaster.port, loadSecrets(dataDir).databasePassword);
    },
    async admin<T>(...args: string[]): Promise<T> {
      try {
        const { stdout } = await run(process.execPath, ["--import", "tsx", "scripts/admin.ts", ...args], {
          cwd: ROOT,
          env: environment() as NodeJS.ProcessEnv,
        });
        return JSON.parse(stdout) as T;
      } catch (error) {
        const said = (error as { stderr?: string }).stderr?.trim();
        throw new Error(`admin ${args[0]}: ${said || (error instanceof Error ? error.message : error)}`);
      }
    },
    kill,
    async restart(env) {
      await end();
      if (env) variables = env;
      await start();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  try {
    await start();
  } catch (error) {
    await gateway.stop();
    throw error;
  }
  return gateway;
}

/** What `npm start` gives to Node.js. Without npm between us and the server: its pid is the one to signal. */
function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { start: string } };
  const [command, ...args] = scripts.start.replace(/^exec /, "").split(" ");
  if (command !== "node") throw new Error(`npm start runs ${scripts.start}, which this does not know how to start`);
  return args;
}

/** Options for the server's Node.js, such as `--cpu-prof`, from GATEWAY_NODE_OPTIONS: Next.js refuses some in NODE_OPTIONS. */
function nodeOptions(): string[] {
  return (process.env.GATEWAY_NODE_OPTIONS ?? "").split(" ").filter(Boolean);
}

/** Below the ports that systems hand out for outgoing connections, and above those of embedded databases. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 30_000 + Math.floor(Math.random() * 2_700);
    if (await isPortFree(port)) return port;
  }
}

/**
 * The variables that `.env` files here set, as blanks, which count as unset: a developer's own settings (a DATABASE_URL!) are not
 * for a gateway that is started to be played with.
 */
function blankEnvFiles(): Record<string, string> {
  const names = [".env", ".env.local", ".env.production", ".env.production.local"].flatMap((file) => {
    const path = join(ROOT, file);
    if (!existsSync(path)) return [];
    return [...readFileSync(path, "utf8").matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map(
      ([, name = ""]) => name,
    );
  });
  return Object.fromEntries(names.map((name) => [name, ""]));
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  });
  stream?.on("end", () => {
    if (rest) onLine(rest);
  });
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null || !child.pid;

function signalGroup(child: ChildProcess | undefined, name: NodeJS.Signals): void {
  if (child?.pid) signal(-child.pid, name);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}

/**
 * What the leash runs: it reads process ids from its input, each in place of the one before. When that input closes, which the
 * kernel does however the caller ends, it ends the server, its group and its PostgreSQL, and removes the data if told so.
 */
const LEASH = `
while read -r line; do pid=$line; done
trap "" HUP INT TERM
if [ -n "$pid" ] && [ "$pid" != 0 ]; then
  kill -TERM "$pid" 2>/dev/null
  waited=0
  while kill -0 "$pid" 2>/dev/null && [ $waited -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
  kill -KILL -"$pid" 2>/dev/null
fi
file="$1/postgres/postmaster.pid"
waited=0
while [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")" 2>/dev/null && [ $waited -lt 50 ]; do
  sleep 0.1
  waited=$((waited + 1))
done
if [ "$2" = temporary ]; then rm -rf "$1"; fi
`;

function startLeash(dataDir: string, temporary: boolean): { hold(pid: number): void; release(): void } {
  if (process.platform === "win32") return { hold: () => {}, release: () => {} };
  const child = spawn("/bin/sh", ["-c", LEASH, "leash", dataDir, temporary ? "temporary" : "kept"], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin?.on("error", () => {});
  child.unref();
  // The pipe must not keep the caller alive either.
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    hold: (pid) => void child.stdin?.write(`${pid}\n`),
    release: () => void child.kill("SIGKILL"),
  };
}
