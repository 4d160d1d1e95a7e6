/**
 * `npm start`: everything in one process. Configuration, lock and secrets, build, embedded PostgreSQL, migrations, web
 * server and background work, in this order; then it waits to be stopped. Whatever goes wrong on the way ends in one
 * line on stderr that says what to do.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import nextEnv from "@next/env";
import { databaseError, isDatabaseUnavailable } from "@/db/client";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { believeClientIpHeader, CLIENT_IP_HEADER, callerIp } from "@/lib/api/client-ip";
import { mountedHandler } from "@/lib/api/mount";
import { type Env, loadEnv, NETWORKS, type Network, resetEnv } from "@/lib/env";
import { AppError, errorBody, lineOf } from "@/lib/errors";
import type { Health } from "@/lib/health/service";
import { runShutdown } from "@/lib/shutdown";
import { BuildError, buildIfNeeded } from "@/scripts/build-if-needed";
import { checkEncryptionKey } from "@/scripts/check-key";
import { applySecrets, type DataDir, databaseDir, openDataDir } from "@/scripts/data-dir";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
/** The whole of an orderly end; what is not done by then is ended at once. */
const SHUTDOWN_MS = 9000;
/** Each of its two waits: for requests in flight, and for background work. */
const FINISH_MS = 2500;
/** How long one of several servers goes on answering after it was told to stop: a load balancer must notice first. */
const LEAVE_MS = 3000;
const HEALTH_TIMEOUT_MS = 60_000;
/** How long the words at the start wait for what the networks' nodes say first. */
const FIRST_SCAN_MS = 5000;
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** A failure that is already worded for the operator. */
class StartError extends Error {}

let dataDir: DataDir | undefined;
let database: EmbeddedPostgres | undefined;
let handle: Handler = answerStarting;
let stoppingSince = 0;
const open = new Set<ServerResponse>();
believeClientIpHeader();
const server = createServer((request, response) => {
  // Rate limits go by it: what a client sends under this name must not count.
  request.headers[CLIENT_IP_HEADER] = callerIp(request.socket.remoteAddress, request.headers["x-forwarded-for"]);
  // Next.js answers 500 to methods that it does not know.
  if (!METHODS.includes(request.method ?? "")) return refuseMethod(request, response);
  open.add(response);
  response.once("close", () => open.delete(response));
  if (stoppingSince) response.setHeader("Connection", "close");
  void Promise.resolve(handle(request, response)).catch((error: unknown) => {
    complain(`A request failed: ${lineOf(error)}`);
    if (!response.headersSent) response.statusCode = 500;
    response.end();
  });
});
// Longer than the usual load balancer keeps its connections, so that it is never us who closes first.
server.keepAliveTimeout = 65_000;

watchForTheEnd();
start().catch((error: unknown) => {
  // A shutdown that interrupts the start makes its next step fail: that is no news.
  if (!stoppingSince) void stop(1, error instanceof BuildError ? error.message : lineOf(error));
});

async function start(): Promise<void> {
  const begun = Date.now();
  process.chdir(ROOT);
  Object.assign(process.env, { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
  const inline = process.env.DATA_DIR?.trim();
  nextEnv.loadEnvConfig(ROOT, false);
  const env = loadEnv(process.env);
  await checkContracts(env);

  dataDir = await openDataDir(env.dataDir, {
    role: "server",
    port: env.port,
    database: env.databaseUrl ? "external" : "starting",
  });
  applySecrets(dataDir.secrets, process.env);
  // From now on the port is ours; until the application is there, every request hears that it is starting.
  await listen(env.port);
  await buildIfNeeded(ROOT, say);
  const url = env.databaseUrl ?? (await startDatabase(dataDir));
  process.env.DATABASE_URL = url;
  resetEnv();
  await migrate(url).catch((error: unknown) => {
    throw new StartError(databaseProblem(error, env.databaseUrl));
  });
  await checkEncryptionKey(url);
  if (!env.databaseUrl) dataDir.note({ database: "ready" });
  handle = await startApplication(env.port);
  const problem = await waitForHealth(env.port);
  const seconds = (Date.now() - begun) / 1000;
  const failing = problem === null ? await waitForNodes(env.port) : {};
  if (!stoppingSince) welcome(env, dataDir, { seconds, problem, failing, inline: Boolean(inline) });
}

/** A contract with a typing mistake would be a token that nobody pays with. @throws Error that names the variable. */
async function checkContracts(env: Env): Promise<void> {
  const set = NETWORKS.filter((network) => env.networks[network].contract !== undefined);
  if (set.length === 0) return;
  // Only now: what it imports is large, and this process needs it for nothing else.
  const { contractKey } = await import("@/lib/chains/address");
  for (const network of set) contractKey(network);
}

async function listen(port: number): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      fail(
        new StartError(
          error.code === "EADDRINUSE"
            ? `PORT ${port} is taken by another program: stop that program, or set PORT to another number`
            : error.code === "EACCES"
              ? `PORT ${port} needs more rights than this user has: set PORT to a number above 1023`
              : `Cannot listen on PORT ${port}: ${error.message}`,
        ),
      );
    });
    server.listen(port, done);
  });
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function refuseMethod(request: IncomingMessage, response: ServerResponse): void {
  const requestId = randomUUID();
  const error = new AppError("method_not_allowed", `${request.method} is not possible here; use ${METHODS.join(", ")}`);
  response.writeHead(405, { Allow: METHODS.join(", "), "Content-Type": "application/json", "X-Request-Id": requestId });
  response.end(errorBody(error, requestId));
}

function answerStarting(_request: IncomingMessage, response: ServerResponse): void {
  answerUnavailable(response, "starting", "The gateway is starting");
}

function answerStopping(response: ServerResponse): void {
  answerUnavailable(response, "stopping", "The gateway is stopping");
}

function answerUnavailable(response: ServerResponse, code: string, message: string): void {
  const requestId = randomUUID();
  response.writeHead(503, { "Content-Type": "application/json", "Retry-After": "2", "X-Request-Id": requestId });
  response.end(JSON.stringify({ statusCode: 503, message, error: "Service Unavailable", code, requestId }));
}

async function startDatabase(held: DataDir): Promise<string> {
  const { log } = await import("@/lib/log");
  const started = await startEmbeddedPostgres({
    dir: databaseDir(held.path),
    password: held.secrets.databasePassword,
    log: (line) => log.warn({ component: "postgres" }, line),
    onCrash: (line) => void stop(1, line),
  });
  if (stoppingSince) await started.stop("immediate");
  database = started;
  return started.url;
}

async function startApplication(port: number): Promise<Handler> {
  // Everything of ours is loaded; `start.mjs` takes the TypeScript loader out before Next.js loads the rest.
  const loaded = globalThis as unknown as Record<symbol, (() => Promise<void>) | undefined>;
  await loaded[Symbol.for("usdt-gateway.sources-loaded")]?.();
  const { default: next } = await import("next");
  // Next.js is CommonJS: depending on who loads it, its default export is wrapped once more.
  const create = typeof next === "function" ? next : (next as unknown as { default: typeof next }).default;
  const application = create({ dev: false, dir: ROOT, hostname: "localhost", port });
  await application.prepare();
  const answer = application.getRequestHandler();
  return (request, response) => {
    const mounted = mountedHandler(request);
    if (mounted) return mounted(request, response);
    // Next.js fails on a method that it does not know: it gets the answer of one that it knows and nothing here takes.
    if (!KNOWN_METHODS.has(request.method ?? "")) request.method = "PATCH";
    return answer(request, response);
  };
}

/** Waits until the gateway says that it is well; returns what is wrong if it does not within a minute. */
async function waitForHealth(port: number): Promise<string | null> {
  let problem = "no answer";
  for (const deadline = Date.now() + HEALTH_TIMEOUT_MS; Date.now() < deadline && !stoppingSince; await sleep(100)) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/health`, { signal: AbortSignal.timeout(10_000) });
      const body = await response.text();
      if (response.ok) return null;
      problem = `${response.status} ${body.slice(0, 500)}`;
    } catch (error) {
      problem = lineOf(error);
    }
  }
  return problem;
}

/** Waits a little for the networks' first answers; returns what is wrong with each that fails. */
async function waitForNodes(port: number): Promise<Partial<Record<Network, string>>> {
  for (const deadline = Date.now() + FIRST_SCAN_MS; !stoppingSince; await sleep(100)) {
    const response = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => null);
    const { networks } = ((await response?.json().catch(() => null)) as Pick<Health, "networks">) ?? { networks: [] };
    if (networks.some(({ status }) => status === "starting") && Date.now() < deadline) continue;
    const failing = networks.filter(({ status }) => status === "failing");
    return Object.fromEntries(failing.map(({ network, error }) => [network, error ?? "no answer"]));
  }
  return {};
}

interface HowItStarted {
  seconds: number;
  /** Why it is not healthy; null: it is. */
  problem: string | null;
  /** What is wrong with each network that cannot be read. */
  failing: Partial<Record<Network, string>>;
  /** DATA_DIR was given to this command, not in a file: the next one must be given it too. */
  inline: boolean;
}

function welcome(env: Env, held: DataDir, { seconds, problem, failing, inline }: HowItStarted): void {
  const on = NETWORKS.filter((name) => env.networks[name].rpcUrls.length > 0);
  const off = NETWORKS.filter((name) => !on.includes(name));
  const variable = (name: string): string => `${name.toUpperCase()}_RPC_URLS`;
  const state = [
    ...on.map((name) =>
      failing[name] === undefined
        ? `${name} is on`
        : `${name} is on, but cannot be read: ${failing[name]} (check ${variable(name)})`,
    ),
    ...off.map((name) => `${name} is off (set ${variable(name)} to turn it on)`),
  ];
  const quoted = /^[\w./-]+$/.test(held.path) ? held.path : `'${held.path.replaceAll("'", "'\\''")}'`;
  // A copy without sources (make-standalone.mjs) has neither npm's scripts nor a TypeScript loader.
  const command = existsSync(`${ROOT}/scripts/admin.mjs`) ? "node scripts/admin.mjs" : "npm run --silent admin --";
  const admin = inline ? `DATA_DIR=${quoted} ${command}` : command;
  const lines = [
    "",
    problem === null
      ? `The USDT gateway is running (started in ${seconds.toFixed(1)} s).`
      : `The USDT gateway runs, but is not healthy yet: ${problem}`,
    "",
    `  Open      ${env.appUrl}`,
    `  Health    ${env.appUrl}/api/health`,
    ...state.map((line, index) => `  ${index === 0 ? "Networks" : "        "}  ${line}`),
    `  Data      ${env.databaseUrl ? "the database in DATABASE_URL; generated secrets in" : "database and secrets in"} ${held.path}`,
    "",
    ...(env.registration === "open"
      ? [`Next, open an account at ${env.appUrl}/register, or here; either shows the API keys:`, ""]
      : ["Next, make a merchant; it prints the API keys:", ""]),
    `  ${admin} merchant:create --email you@example.com --name "My shop"`,
    "",
    "Give it a wallet and create a test invoice (no network needed):",
    "",
    `  ${admin} wallet:add --merchant MERCHANT_ID --network ethereum --address 0x…`,
    `  curl -s ${env.appUrl}/api/v1/invoices -H "Authorization: Bearer TEST_KEY" \\`,
    '    -H "Content-Type: application/json" -d \'{"amountUsdt": "10.00"}\'',
    "",
  ];
  say(lines.join("\n"));
}

// The end

function watchForTheEnd(): void {
  const onSignal = (): void => {
    // At a terminal Ctrl-C reaches us twice, from the terminal and from npm; only a later one means impatience.
    if (stoppingSince && Date.now() - stoppingSince > 500) process.exit(1);
    void stop(0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // The terminal was closed. Under nohup (no terminal) the signal must stay ignored.
  if (process.stdout.isTTY) process.on("SIGHUP", onSignal);
  // Whoever read our output may be gone; that is no reason to stop.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  process.on("uncaughtException", (error) => void stop(1, `Unexpected error: ${lineOf(error)}`));
  process.on("unhandledRejection", (error) => complain(`Unexpected error: ${lineOf(error)}`));
  if (process.env.npm_lifecycle_event) {
    // npm passes signals on, but cannot when it is killed itself; nor does a shell between npm and us.
    const parents = parentsUpToNpm();
    setInterval(() => {
      if (parents.some(([child, parent]) => parentOf(child) !== parent)) void stop(0);
    }, 250).unref();
  }
}

/** Pairs of process and parent from us up to npm; a shell that npm starts may stand in between. */
function parentsUpToNpm(): [child: number, parent: number][] {
  const pairs: [number, number][] = [[process.pid, process.ppid]];
  try {
    const shell = /^(sh|dash|bash|ash|zsh)$/.test(readFileSync(`/proc/${process.ppid}/comm`, "utf8").trim());
    const grandparent = parentOf(process.ppid);
    if (shell && grandparent !== null) pairs.push([process.ppid, grandparent]);
  } catch {
    // Not Linux: our own parent will do.
  }
  return pairs;
}

function parentOf(pid: number): number | null {
  if (pid === process.pid) return process.ppid;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}

/**
 * Ends everything in order: no new requests, the ones in flight, background work, PostgreSQL, the lock. Called again it
 * does nothing.
 */
async function stop(exitCode: number, why?: string): Promise<void> {
  if (stoppingSince) return;
  stoppingSince = Date.now();
  if (why) complain(why);
  // process.exit also ends a PostgreSQL or a build that is still running, at once.
  setTimeout(() => {
    dataDir?.release();
    process.exit(1);
  }, SHUTDOWN_MS).unref();
  try {
    if (exitCode === 0) await leave();
    await closeServer();
    await Promise.race([runShutdown(), sleep(FINISH_MS)]);
    await database?.stop();
  } catch (error) {
    complain(`While stopping: ${lineOf(error)}`);
  }
  dataDir?.release();
  process.exit(exitCode);
}

/**
 * With a database of its own this server is the only one. With another's it may be one of several: then health says 503, every
 * connection ends with its answer, and nobody is refused until the load balancer has looked.
 */
async function leave(): Promise<void> {
  if (database || handle === answerStarting || !server.listening) return;
  const answer = handle;
  handle = (request, response) =>
    request.url?.startsWith("/api/health") ? answerStopping(response) : answer(request, response);
  await sleep(LEAVE_MS);
}

async function closeServer(): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeIdleConnections();
  for (const response of open) {
    if (!response.headersSent) response.setHeader("Connection", "close");
    // Event streams never end by themselves; their readers connect again by themselves.
    if (String(response.getHeader("content-type")).startsWith("text/event-stream")) response.destroy();
  }
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await Promise.race([closed, sleep(FINISH_MS)]);
  clearInterval(sweep);
  server.closeAllConnections();
}

// Words

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

function databaseProblem(error: unknown, given: string | undefined): string {
  const reason = lineOf(error);
  const code = databaseError(error)?.code ?? "";
  if (!given && code === "28P01") {
    return `The embedded database was made with another ${dataDir?.path}/secrets.json: restore that one from your backup`;
  }
  if (!given) return `The embedded database could not be brought up to date: ${reason}`;
  // Class 28: who we are was refused; 3D: there is no such database.
  if (isDatabaseUnavailable(error) || /^(28|3D)/.test(code)) {
    const { host, pathname } = new URL(given);
    return `Cannot use the database in DATABASE_URL (${host}${pathname}): ${reason}. Check that it runs and the URL is right`;
  }
  return reason.includes("DATABASE_URL")
    ? reason
    : `The database in DATABASE_URL could not be brought up to date: ${reason}`;
}
