import { type Gateway, startGateway } from "@/e2e/gateway";
import { printCursor } from "@/lib/api/schemas";
import { fillInvoices } from "./fill";
import { startLoadProcess } from "./load";
import { type Bench, goal, median, ms, percentile, ratio, table, whole } from "./report";
import { type Merchant, newMerchant, request, withSql } from "./world";

const GOAL = 2;
/** What "flat" leaves to noise. */
const FLAT = 1.25;
/** How many different ids and cursors are asked for, so that no cache of one page flatters. */
const SAMPLES = 500;

type Kind = { name: string; paths: readonly string[] };
type World = { gateway: Gateway; merchant: Merchant; invoices: number; kinds: Kind[] };

/** Reading, where little is stored and where much is. */
export const bench: Bench = {
  options: { few: 1_000, many: 1_000_000, rounds: 6, milliseconds: 1_500 },
  method: ({ few = 0, many = 0, rounds, milliseconds }) =>
    `method: two gateways, one merchant each with ${whole(few)} and ${whole(many)} invoices (60 % paid, with their transfers), read over one\n` +
    `connection; ${rounds} rounds of ${milliseconds} ms each in turns. Medians of the rounds, ratios within a round.`,
  async run({ few = 1_000, many = 1_000_000, rounds = 6, milliseconds = 1_500 }) {
    const worlds: World[] = [];
    const load = startLoadProcess();
    try {
      for (const invoices of [few, many]) worlds.push(await prepare(invoices));
      const cells = worlds.flatMap((world) => world.kinds.map((kind) => ({ world, kind })));
      const medians: number[][] = cells.map(() => []);
      const times: number[][] = cells.map(() => []);
      for (let round = -1; round < rounds; round++) {
        for (const [i, { world, kind }] of cells.entries()) {
          const headers = { Authorization: `Bearer ${world.merchant.testKey}` };
          const { port } = world.gateway;
          const from = Math.max(0, round) * 100;
          const result = await load.run({
            port,
            method: "GET",
            paths: kind.paths,
            headers,
            connections: 1,
            milliseconds,
            from,
          });
          // The round before the first is the warm-up.
          if (round < 0) continue;
          medians[i]?.push(median(result.times));
          times[i]?.push(...result.times);
        }
      }
      const kindCount = cells.length / 2;
      const between = (i: number, j: number): number =>
        median((medians[i] ?? []).map((value, round) => value / (medians[j]?.[round] ?? Number.NaN)));
      for (const [w, { invoices }] of worlds.entries()) {
        table(
          [`${whole(invoices)} invoices`, "p50", "p95", "÷ get", ...(w === 1 ? [`÷ at ${whole(few)}`] : [])],
          cells.slice(w * kindCount, (w + 1) * kindCount).map(({ kind }, k) => {
            const i = w * kindCount + k;
            return [
              kind.name,
              ms(median(medians[i] ?? [])),
              ms(percentile(times[i] ?? [], 0.95)),
              k === 0 ? "" : ratio(between(i, w * kindCount)),
              ...(w === 1 ? [ratio(between(i, k))] : []),
            ];
          }),
        );
        console.log("");
      }
      const lists = cells.flatMap(({ kind }, i) =>
        kind.name === "get by id" ? [] : [between(i, i < kindCount ? 0 : kindCount)],
      );
      goal(`lists ≤ ${GOAL} × the get`, Math.max(...lists) <= GOAL);
      const growth = Array.from({ length: kindCount }, (_, k) => between(kindCount + k, k));
      goal(`flat from ${whole(few)} to ${whole(many)} invoices (≤ ${FLAT} ×)`, Math.max(...growth) <= FLAT);
    } finally {
      load.stop();
      for (const { gateway } of worlds) await gateway.stop();
    }
  },
};

async function prepare(invoices: number): Promise<World> {
  const gateway = await startGateway({ env: { RATE_LIMIT_MULTIPLIER: "1000000" } });
  try {
    const merchant = await newMerchant(gateway, ["ethereum"]);
    await withSql(gateway, (sql) => fillInvoices(sql, merchant.merchantId, invoices));
    return { gateway, merchant, invoices, kinds: await kindsOf(gateway, merchant, invoices) };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

async function kindsOf(gateway: Gateway, merchant: Merchant, invoices: number): Promise<Kind[]> {
  const sample = (fromDays: number, toDays: number) =>
    withSql(gateway, (sql) => {
      const share = Math.min(100, ((SAMPLES * 2) / invoices) * 100);
      return sql<{ id: string; created_at: Date }[]>`
        select id, created_at from invoices tablesample bernoulli (${share})
        where created_at between now() - make_interval(days => ${toDays}) and now() - make_interval(days => ${fromDays}) limit ${SAMPLES}`;
    });
  const anywhere = await sample(0, 301);
  // In the oldest third of the invoices, with a whole page still to come.
  const deep = await sample(200, 280);
  const cursors = deep.map(({ id, created_at }) => encodeURIComponent(printCursor({ id, createdAt: created_at })));
  const kinds = [
    { name: "get by id", paths: anywhere.map(({ id }) => `/api/v1/invoices/${id}`) },
    { name: "list of 20, page 1", paths: ["/api/v1/invoices?limit=20"] },
    { name: "list of 20, deep cursor", paths: cursors.map((cursor) => `/api/v1/invoices?limit=20&cursor=${cursor}`) },
    { name: "list of 20, one status", paths: ["/api/v1/invoices?limit=20&status=confirmed"] },
  ];
  for (const { name, paths } of kinds) {
    const path = (paths[0] ?? "").replace("/api/v1", "");
    const found = await request<{ data?: unknown[]; pagination?: { total: number } }>(
      gateway,
      merchant.testKey,
      "GET",
      path,
    );
    if (found.data && found.data.length !== 20) throw new Error(`${name} gave ${found.data.length} invoices`);
    if (found.pagination && !path.includes("status") && found.pagination.total !== invoices) {
      throw new Error(`${name} counts ${found.pagination.total} invoices`);
    }
  }
  return kinds;
}
