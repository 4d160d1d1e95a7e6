import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbeddedPostgres } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type Bench, goal, median, ms, percentile, ratio, table, whole } from "./report";

const SIZES = [1_000, 100_000, 1_000_000];
const WALLETS = 1_000;
const GOAL = 1.3;

/** What a block costs the scanner: reading, storing, matching and settling, by how many invoices are open. */
export const bench: Bench = {
  options: { blocks: 60, transfers: 50, paying: 10 },
  method: ({ blocks, transfers, paying }) =>
    `method: one turn of the scanner a block, in this process on the embedded database and a real node; ${blocks} blocks with ${transfers} transfers to\n` +
    `${whole(WALLETS)} wallets each, of which ${paying} pay an invoice. Medians, and the ratio to the fewest invoices.`,
  async run({ blocks = 60, transfers = 50, paying = 10 }) {
    const dir = mkdtempSync(join(tmpdir(), "bench-scan-"));
    const server = await startEmbeddedPostgres({ dir: join(dir, "postgres"), password: "bench" });
    const node = await startAnvil({ chainId: chainIds.ethereum });
    Object.assign(process.env, {
      ...{ DATABASE_URL: server.url, ETHEREUM_RPC_URLS: node.url, ENCRYPTION_KEY: randomBytes(32).toString("hex") },
      ...{ AUTH_SECRET: "x".repeat(32), LOG_LEVEL: "silent" },
    });
    // Read when it is loaded.
    const { Scanner } = await import("@/lib/transfers/scan");
    const { closeDb } = await import("@/db/client");
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    try {
      await migrate(server.url);
      const wallets = await addWallets(sql);
      const scanner = new Scanner("ethereum", randomUUID());
      await scanner.tick();
      const figures: number[][] = [];
      let open = 0;
      let next = 0;
      for (const size of SIZES) {
        await addInvoices(sql, open, size);
        open = size;
        const times: number[] = [];
        for (let block = -5; block < blocks; block++) {
          next = await pay(node, wallets, { transfers, paying, next });
          const begun = performance.now();
          await scanner.tick();
          // The first ones warm caches and plans.
          if (block >= 0) times.push(performance.now() - begun);
        }
        figures.push(times);
      }
      const [paid] = await sql<{ n: number }[]>`select count(*)::int as n from payments`;
      const fewest = median(figures[0] ?? []);
      table(
        ["open invoices", "p50", "p95", "÷ fewest"],
        SIZES.map((size, i) => {
          const times = figures[i] ?? [];
          return [whole(size), ms(median(times)), ms(percentile(times, 0.95)), ratio(median(times) / fewest)];
        }),
      );
      console.log(`  payments found: ${paid?.n} of ${next}`);
      goal(`≤ ${GOAL} × from 10³ to 10⁶`, median(figures.at(-1) ?? []) <= fewest * GOAL);
    } finally {
      await sql.end();
      await closeDb();
      await server.stop();
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

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

/** Invoice n is on wallet n mod 1,000 and asks for (n div 1,000) + 1 tenths of a cent above 100. */
async function addInvoices(sql: postgres.Sql, from: number, to: number): Promise<void> {
  await sql`
    insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested,
      amount, created_at, expires_at)
    select gen_random_uuid(), merchant_id, 'live', id, 'ethereum', address, 'B' || n, 'B' || n, amount, amount,
      now(), now() + interval '2 hours'
    from generate_series(${from}::int, ${to - 1}::int) as n
      join wallets on watch_seq = n % ${WALLETS}::int + 1,
      lateral (select 1000000 + (n / ${WALLETS}::int) * 10 as amount) as asked`;
  await sql`analyze`;
}

/** One block: some transfers pay an open invoice, the others pay nobody. */
async function pay(
  node: Anvil,
  wallets: readonly `0x${string}`[],
  { transfers, paying, next }: { transfers: number; paying: number; next: number },
): Promise<number> {
  await node.sendBatch(
    Array.from({ length: transfers }, (_, i) => ({
      to: wallets[(next + i) % WALLETS] as `0x${string}`,
      // The lowest amount of each wallet is asked for in every size; each is paid once.
      value: i < paying ? 100_000_000n : 7_000_000n + BigInt(i),
    })),
  );
  return next + paying;
}
