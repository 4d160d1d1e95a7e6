import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isPortFree } from "@/db/embedded";

/** A PgBouncer as Debian ships it, in transaction mode, in front of a PostgreSQL: for tests. */
export type Pooler = {
  /** The same database, through the pooler. */
  route: (databaseUrl: string) => string;
  stop: () => Promise<void>;
};

/**
 * Starts one. Few server sessions for many clients, so that two statements of one client hardly ever meet the same session.
 * @param settings more lines for its configuration.
 */
export async function startPooler(program: string, serverUrl: string, settings: string[] = []): Promise<Pooler> {
  const { hostname, port: serverPort, username, password } = new URL(serverUrl);
  const dir = mkdtempSync(join(tmpdir(), "gateway-pooler-"));
  const port = await freePort();
  writeFileSync(join(dir, "users.txt"), `"${username}" "${decodeURIComponent(password)}"\n`);
  const lines = [
    "[databases]",
    `* = host=${hostname} port=${serverPort}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = scram-sha-256",
    `auth_file = ${join(dir, "users.txt")}`,
    "pool_mode = transaction",
    "default_pool_size = 8",
    "max_client_conn = 1000",
    ...settings,
  ];
  writeFileSync(join(dir, "pgbouncer.ini"), `${lines.join("\n")}\n`);
  chmodSync(dir, 0o755);
  // It refuses to run as root.
  const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn(program, [...asUser, join(dir, "pgbouncer.ini")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  await listening(child, port, () => said);
  return {
    route(databaseUrl) {
      const url = new URL(databaseUrl);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
    async stop() {
      const ended = new Promise((done) => child.once("exit", done));
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended:\n${said()}`);
    if (await accepts(port)) return;
  }
  throw new Error(`pgbouncer does not listen:\n${said()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => done(true)).once("error", () => done(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Below the ports that systems hand out for outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isPortFree(port)) return port;
  }
}
