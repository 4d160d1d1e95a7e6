import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@/db/connect";
import { startEmbeddedPostgres } from "@/db/embedded";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { startLoadProcess } from "./load";
import { type Bench, median, ms, percentile, ratio, table, whole } from "./report";
import { type Merchant, newMerchant } from "./world";

/** Creations a second on one server and on two, on one database outside. */
export const bench: Bench = {
  options: { rounds: 4, seconds: 4, connections: 16 },
  method: ({ rounds, seconds, connections }) =>
    `method: one PostgreSQL, two servers that share it, and a load generator each, on this machine; ${rounds} rounds of ${seconds} s each in turns,\n` +
    `${connections} connections a server, every amount another one. Two servers share the cores with PostgreSQL and the generators: on a\n` +
    "machine with few cores the second one shows that it does no harm rather than what it adds.",
  async run({ rounds = 4, seconds = 4, connections = 16 }) {
    const dir = mkdtempSync(join(tmpdir(), "gateway-bench-"));
    const server = await startEmbeddedPostgres({ dir: join(dir, "postgres"), password: "bench" });
    const gateways: Gateway[] = [];
    const loads = [startLoadProcess(), startLoadProcess()];
    try {
      const env = {
        DATABASE_URL: server.url,
        ENCRYPTION_KEY: "11".repeat(32),
        AUTH_SECRET: "bench-secret-bench-secret-bench-secret",
        RATE_LIMIT_MULTIPLIER: "1000000",
      };
      for (let i = 0; i < 2; i++) gateways.push(await startGateway({ env }));
      const [first] = gateways;
      if (!first) throw new Error("no server");
      const merchant = await newMerchant(first, ["ethereum"]);
      let next = 1_000_000;
      const measure = async (servers: number) => {
        const results = await Promise.all(
          gateways.slice(0, servers).map((gateway, i) => {
            const from = next + i * 10_000_000;
            return loads[i]?.run(creation(gateway, merchant, connections, seconds * 1000, from));
          }),
        );
        next += 200_000;
        const known = results.filter((result) => result !== undefined);
        return {
          perSecond: known.reduce((sum, { perSecond }) => sum + perSecond, 0),
          times: known.flatMap(({ times }) => times),
        };
      };
      await measure(2);
      const rates: number[][] = [[], []];
      const times: number[][] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const servers of [1, 2]) {
          const result = await measure(servers);
          rates[servers - 1]?.push(result.perSecond);
          times[servers - 1]?.push(...result.times);
        }
      }
      const both = (rates[1] ?? []).map((rate, round) => rate / (rates[0]?.[round] ?? Number.NaN));
      table(
        ["POST /invoices", "a second", "p50", "p95", "÷ one server"],
        ["one server", "two servers"].map((name, i) => [
          name,
          whole(median(rates[i] ?? [])),
          ms(percentile(times[i] ?? [], 0.5)),
          ms(percentile(times[i] ?? [], 0.95)),
          i === 0 ? "" : ratio(median(both)),
        ]),
      );
      const sql = connect(server.url, { max: 1 });
      const [count] =
        await sql`select count(*)::int as invoices, count(distinct (wallet_id, mode, amount))::int as amounts from invoices`;
      await sql.end();
      console.log(
        `  ${whole(Number(count?.invoices))} invoices on ${whole(Number(count?.amounts))} amounts: none was given twice`,
      );
    } finally {
      for (const load of loads) load.stop();
      for (const gateway of gateways) await gateway.stop();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

const creation = (gateway: Gateway, merchant: Merchant, connections: number, milliseconds: number, from: number) => ({
  port: gateway.port,
  method: "POST" as const,
  paths: ["/api/v1/invoices"],
  headers: { Authorization: `Bearer ${merchant.testKey}` },
  body: JSON.stringify({
    amountUsdt: "{n}.00",
    assetCode: "USDT_ERC20",
    callbackUrl: "https://shop.example.com/webhooks/usdt",
    metadata: { orderId: "{n}" },
  }),
  connections,
  milliseconds,
  from,
});
