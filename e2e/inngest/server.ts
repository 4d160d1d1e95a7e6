/** A real Inngest server as a child process, for tests that kill it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const EVENT_KEY = "event-key-of-the-tests";
const SIGNING_KEY = "5e".repeat(32);
const START_TIMEOUT_MS = 60_000;
const KEPT_LINES = 400;

/** An Inngest server that was started. */
export type InngestServer = {
  readonly url: string;
  /** What a gateway needs to work with it. */
  readonly env: Record<string, string>;
  /** The last lines that it printed, over all restarts. */
  readonly lines: readonly string[];
  /** Ends it as a crash does, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
};

/**
 * How to start Inngest here: the binary in INNGEST_BIN, or an installed `inngest-cli`.
 * @returns null where there is neither. In CI a test that needs it then fails: see `describeWithInngest`.
 */
export function findInngest(): string[] | null {
  if (process.env.INNGEST_BIN) return [process.env.INNGEST_BIN];
  try {
    execFileSync("npx", ["--no-install", "inngest-cli", "version"], { stdio: "ignore", timeout: 20_000 });
    return ["npx", "--no-install", "inngest-cli"];
  } catch {
    return null;
  }
}

/**
 * Starts one on free ports of this machine.
 * @param command what `findInngest` gave
 * @param mode `start`: with keys, everything is signed. `dev`: a development server, which has none.
 */
export async function startInngest(command: string[], mode: "start" | "dev" = "start"): Promise<InngestServer> {
  const dir = mkdtempSync(join(tmpdir(), "inngest-"));
  const [port, gateway, gatewayGrpc, executorGrpc] = await freePorts(4);
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const [program = "", ...before] = command;
  const args = [
    ...before,
    mode,
    ...["--host", "127.0.0.1", "--port", String(port)],
    ...(mode === "dev"
      ? ["--no-discovery", "--no-poll"]
      : ["--sqlite-dir", dir, "--no-ui", "--event-key", EVENT_KEY, "--signing-key", SIGNING_KEY]),
    ...["--connect-gateway-port", String(gateway)],
    ...["--connect-gateway-grpc-port", String(gatewayGrpc), "--connect-executor-grpc-port", String(executorGrpc)],
  ];
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  // However this process ends, the server must not stay.
  const leash = () => child?.kill("SIGKILL");
  process.once("exit", leash);

  async function start(): Promise<void> {
    const started = spawn(program, args, {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DO_NOT_TRACK: "1" },
    });
    child = started;
    ended = new Promise((done) => {
      started.once("close", () => done());
      started.once("error", () => done());
    });
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        lines.push(...text.split("\n").filter(Boolean));
        lines.splice(0, Math.max(0, lines.length - KEPT_LINES));
      });
    }
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(100)) {
      const answer = await fetch(`${url}/health`).catch(() => null);
      if (answer?.ok) return;
      if (Date.now() > deadline || started.exitCode !== null) {
        throw new Error(`The Inngest server does not start:\n${lines.slice(-20).join("\n")}`);
      }
    }
  }

  async function kill(): Promise<void> {
    child?.kill("SIGKILL");
    await ended;
  }

  await start();
  return {
    url,
    env:
      mode === "dev"
        ? { INNGEST_DEV: url }
        : { INNGEST_BASE_URL: url, INNGEST_EVENT_KEY: EVENT_KEY, INNGEST_SIGNING_KEY: SIGNING_KEY },
    lines,
    kill,
    restart: start,
    async stop() {
      await kill();
      process.off("exit", leash);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  return await Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((done) => server.close(done));
      return typeof address === "object" && address ? address.port : 0;
    }),
  );
}
