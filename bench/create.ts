import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isPortFree } from "@/db/embedded";
import { startGateway } from "@/e2e/gateway";
import { type LoadProcess, startLoadProcess } from "./load";
import { type Bench, goal, median, ms, percentile, ratio, table, whole } from "./report";
import { newMerchant, withSql } from "./world";

const HERE = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");
const BODY = JSON.stringify({
  amountUsdt: "{n}.00",
  assetCode: "USDT_ERC20",
  title: "Order {n}",
  callbackUrl: "https://shop.example.com/webhooks/usdt",
  metadata: { orderId: "{n}", customer: "c-18273645", items: 3 },
});
const CONNECTIONS = [1, 16];
const GOAL = 0.7;

type Target = { name: string; port: number; path: string; headers?: Record<string, string>; next: number };

/** How much of what a route that inserts one row can do is left when the row is an invoice. */
export const bench: Bench = {
  options: { rounds: 6, seconds: 3 },
  method: ({ rounds, seconds }) =>
    `method: the gateway (npm start), a Next.js route and a node:http server that each do one INSERT of the same size, on one embedded\n` +
    `database; ${rounds} rounds of ${seconds} s each in turns, keep-alive, every amount another one. Medians of the rounds, ratios within a round.`,
  async run({ rounds = 6, seconds = 3 }) {
    const gateway = await startGateway({ env: { RATE_LIMIT_MULTIPLIER: "1000000" } });
    const children: ChildProcess[] = [];
    const load = startLoadProcess();
    try {
      const merchant = await newMerchant(gateway, ["ethereum"]);
      await withSql(gateway, async (sql) => {
        await sql`create table bench_bare (like invoices including defaults)`;
        await sql`alter table bench_bare add primary key (id)`;
      });
      await buildBareNext();
      const env = { DATABASE_URL: gateway.databaseUrl() };
      const next = await startBare("bare-next/server.mjs", env, children);
      const http = await startBare("bare-http.mjs", env, children);
      const headers = { Authorization: `Bearer ${merchant.testKey}` };
      const targets: Target[] = [
        { name: "gateway", port: gateway.port, path: "/api/v1/invoices", headers, next: 1_000_000 },
        { name: "bare Next.js route", port: next, path: "/insert", next: 1_000_000 },
        { name: "bare node:http", port: http, path: "/", next: 1_000_000 },
      ];
      // Warm: code compiled, statements prepared, pools connected.
      for (const target of targets) await measure(load, target, 16, 3_000);
      for (const connections of CONNECTIONS) {
        const rates: number[][] = targets.map(() => []);
        const times: number[][] = targets.map(() => []);
        for (let round = 0; round < rounds; round++) {
          for (const [i, target] of targets.entries()) {
            const result = await measure(load, target, connections, seconds * 1000);
            rates[i]?.push(result.perSecond);
            times[i]?.push(...result.times);
          }
        }
        const against = (i: number) => median((rates[0] ?? []).map((rate, round) => rate / (rates[i]?.[round] ?? 1)));
        table(
          [`${connections} connection${connections > 1 ? "s" : ""}`, "a second", "p50", "p95", "gateway ÷ this"],
          targets.map(({ name }, i) => [
            name,
            whole(median(rates[i] ?? [])),
            ms(percentile(times[i] ?? [], 0.5)),
            ms(percentile(times[i] ?? [], 0.95)),
            i === 0 ? "" : ratio(against(i)),
          ]),
        );
        goal(`≥ ${GOAL} of the bare Next.js route`, against(1) >= GOAL);
        console.log("");
      }
    } finally {
      load.stop();
      for (const child of children) child.kill("SIGKILL");
      await gateway.stop();
    }
  },
};

async function measure(load: LoadProcess, target: Target, connections: number, milliseconds: number) {
  const { port, path, headers, next: from } = target;
  const result = await load.run({
    port,
    method: "POST",
    paths: [path],
    headers,
    body: BODY,
    connections,
    milliseconds,
    from,
  });
  target.next = result.next;
  return result;
}

async function buildBareNext(): Promise<void> {
  const dir = join(HERE, "bare-next");
  const built = join(dir, ".next/BUILD_ID");
  const sources = ["bare-next/app/insert/route.js", "bare-next/next.config.mjs", "bare-insert.mjs"];
  const newest = Math.max(...sources.map((file) => statSync(join(HERE, file)).mtimeMs));
  if (existsSync(built) && readFileSync(built, "utf8") && statSync(built).mtimeMs > newest) return;
  console.log("Building the bare Next.js application …");
  const child = spawn(process.execPath, [join(HERE, "../node_modules/next/dist/bin/next"), "build"], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`The bare Next.js application could not be built:\n${output}`);
}

/** Starts one of the bare servers. It ends with this process: its standard input closes then. */
async function startBare(file: string, env: Record<string, string>, children: ChildProcess[]): Promise<number> {
  let port = 0;
  while (port === 0 || !(await isPortFree(port))) port = 30_000 + Math.floor(Math.random() * 2_700);
  const child = spawn(process.execPath, [join(HERE, file)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, NODE_ENV: "production", PORT: String(port), ...env },
  });
  children.push(child);
  await new Promise<void>((done, fail) => {
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("listening")) done();
    });
    child.once("exit", (code) => fail(new Error(`${file} ended with ${code}`)));
  });
  return port;
}
