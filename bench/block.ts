import { type ChildProcess, fork } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { connect } from "@/db/connect";
import { startEmbeddedPostgres } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Bench, goal, median, ms, percentile, ratio, table, whole } from "./report";
import { openInvoices } from "./world";

const SIZES = [1_000, 100_000, 1_000_000];
const WALLETS = 1_000;
const GOAL = 1.3;
/** Blocks that warm caches and plans. */
const WARM_UP = 8;

/** What a block costs the scanner: reading, storing, matching and settling, by how many invoices are open. */
export const bench: Bench = {
  options: { blocks: 80, transfers: 50, paying: 10 },
  method: ({ blocks, transfers, paying }) =>
    `method: three scanners, each a process with a database of its own on one PostgreSQL, read the same blocks of a real node in turns; one turn\n` +
    `of the scanner a block. ${blocks} blocks with ${transfers} transfers to ${whole(WALLETS)} wallets each, of which ${paying} pay an invoice. Ratios within a block.\n` +
    "All three know their tables: analyzed after the first blocks, where autovacuum would come to each at another moment.",
  async run({ blocks = 80, transfers = 50, paying = 10 }) {
    if ((blocks + WARM_UP) * paying > WALLETS) throw new Error(`--blocks × --paying must stay below ${WALLETS}`);
    const dir = mkdtempSync(join(tmpdir(), "bench-block-"));
    const server = await startEmbeddedPostgres({
      dir: join(dir, "postgres"),
      password: "bench",
      settings: { autovacuum: "off" },
    });
    const node = await startAnvil({ chainId: chainIds.ethereum });
    const scanners: Scanner[] = [];
    const databases: postgres.Sql[] = [];
    try {
      let addresses: `0x${string}`[] = [];
      for (const size of SIZES) {
        const url = await createDatabase(server.url, `bench_${size}`);
        const sql = connect(url, { max: 1 });
        databases.push(sql);
        addresses = await addWallets(sql);
        await openInvoices(sql, size);
        scanners.push(startScanner({ DATABASE_URL: url, ETHEREUM_RPC_URLS: node.url }));
      }
      for (const scanner of scanners) await scanner.tick();
      const times: number[][] = SIZES.map(() => []);
      for (let block = -WARM_UP; block < blocks; block++) {
        if (block === 0) for (const sql of databases) await sql`analyze`;
        const next = (block + WARM_UP) * paying;
        await node.sendBatch(
          Array.from({ length: transfers }, (_, i) => ({
            to: addresses[(next + i) % WALLETS] as `0x${string}`,
            // What the first invoice of every wallet asks for, or what none does.
            value: i < paying ? 100_000_000n : 7_000_000n + BigInt(i),
          })),
        );
        // Another one goes first each time.
        for (let turn = 0; turn < SIZES.length; turn++) {
          const i = (block + WARM_UP + turn) % SIZES.length;
          const took = await scanners[i]?.tick();
          if (block >= 0) times[i]?.push(took ?? Number.NaN);
        }
      }
      const ratios = times.map((own) => median(own.map((time, block) => time / (times[0]?.[block] ?? Number.NaN))));
      table(
        ["open invoices", "p50", "p95", `÷ at ${whole(SIZES[0] ?? 0)}`],
        SIZES.map((size, i) => {
          const own = times[i] ?? [];
          return [whole(size), ms(median(own)), ms(percentile(own, 0.95)), i === 0 ? "" : ratio(ratios[i] ?? 0)];
        }),
      );
      for (const sql of databases) {
        const [found] = await sql<{ n: number }[]>`select count(*)::int as n from payments`;
        const made = (blocks + WARM_UP) * paying;
        if (found?.n !== made) throw new Error(`${found?.n} payments were found, ${made} were made`);
      }
      goal(`≤ ${GOAL} × from 10³ to 10⁶`, Math.max(...ratios) <= GOAL);
    } finally {
      for (const scanner of scanners) scanner.stop();
      for (const sql of databases) await sql.end();
      await server.stop();
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const sql = connect(serverUrl, { max: 1 });
  await sql.unsafe(`create database ${name}`);
  await sql.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return url.href;
}

/** A merchant with its wallets, the same addresses in every database. */
async function addWallets(sql: postgres.Sql): Promise<`0x${string}`[]> {
  const merchant = randomUUID();
  await sql`insert into merchants (id, name, webhook_secret) values (${merchant}, 'Bench', 'none')`;
  const rows = await sql<{ address: `0x${string}` }[]>`
    insert into wallets (id, merchant_id, network, address, address_key, is_default, watch_seq)
    select gen_random_uuid(), ${merchant}, 'ethereum', address, address, false, n from generate_series(1, ${WALLETS}::int) as n,
      lateral (select '0x' || substr(encode(sha256(n::text::bytea), 'hex'), 1, 40) as address) as made
    returning address`;
  await sql`insert into watch_lists (network, last_seq) values ('ethereum', ${WALLETS})`;
  return rows.map((row) => row.address);
}

type Scanner = { tick: () => Promise<number>; stop: () => void };

/** Starts a scanner in a process of its own. `tick` gives the milliseconds that a turn took. */
function startScanner(env: Record<string, string>): Scanner {
  const secrets = { ENCRYPTION_KEY: randomBytes(32).toString("hex"), AUTH_SECRET: "x".repeat(32), LOG_LEVEL: "silent" };
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["child"], {
    execArgv: ["--import", "tsx"],
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...secrets, ...env },
  });
  return {
    tick: () =>
      new Promise((done, fail) => {
        child.once("message", (answer: number | string) =>
          typeof answer === "number" ? done(answer) : fail(new Error(answer)),
        );
        child.send("tick");
      }),
    stop: () => void child.kill(),
  };
}

if (process.argv[2] === "child") {
  process.on("disconnect", () => process.exit(0));
  const scanner = import("@/lib/transfers/scan").then(({ Scanner }) => new Scanner("ethereum", randomUUID()));
  process.on("message", async () => {
    try {
      const ready = await scanner;
      const begun = performance.now();
      await ready.tick();
      process.send?.(performance.now() - begun);
    } catch (error) {
      process.send?.(error instanceof Error ? error.message : String(error));
    }
  });
}
