import { type Gateway, startGateway } from "@/e2e/gateway";
import { printCursor } from "@/lib/api/schemas";
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
    await fill(gateway, merchant, invoices);
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

/** Fills the tables as so many invoices of the last 300 days would have, their tallies included. */
async function fill(gateway: Gateway, { merchantId }: Merchant, invoices: number): Promise<void> {
  await withSql(gateway, async (sql) => {
    // Neither foreign keys nor the tally trigger: what goes in is consistent, and the tallies are made below.
    await sql`set session_replication_role = replica`;
    await sql`set statement_timeout = 0`;
    const [wallet] = await sql`select id, address, address_key from wallets where merchant_id = ${merchantId}`;
    if (!wallet) throw new Error("no wallet");
    await sql`
      insert into invoices (
        id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested, amount, status,
        title, callback_url, metadata, created_at, expires_at, paid_at, expired_at, cancelled_at, resolution
      )
      select
        uuidv7(created - clock_timestamp()), ${merchantId}, 'test', ${wallet.id}, 'ethereum', ${wallet.address},
        'BENCH-' || n, 'BENCH-' || n, 10000 + n, 10000 + n,
        case when n % 10 < 6 then 'confirmed' when n % 10 < 9 then 'expired' else 'cancelled' end,
        'Order ' || n, 'https://shop.example.com/webhooks/usdt', '{"orderId":"' || n || '","customer":"c-18273645"}',
        created, date_trunc('second', created) + interval '30 minutes',
        case when n % 10 < 6 then created + interval '5 minutes' end,
        case when n % 10 between 6 and 8 then created + interval '31 minutes' end,
        case when n % 10 = 9 then created + interval '10 minutes' end,
        case when n % 10 < 6 then 'automatic' end
      from generate_series(1, ${invoices}::int) as n,
        lateral (select now() - interval '1 hour' - interval '300 days' * (1 - n::float8 / ${invoices}) as created) as at`;
    await sql`
      insert into transfers (
        id, network, mode, tx_hash, ordinal, block_number, block_hash, block_time, log_index, from_address, to_address_key,
        value, units, matched_at, merchant_id, detected_at
      )
      select id, network, mode, '0x' || encode(sha256(id::text::bytea), 'hex'), 0, amount, '0x' || encode(sha256(id::text::bytea), 'hex'),
        paid_at, 0, ${wallet.address}, ${wallet.address_key}, amount * 100, amount, paid_at, merchant_id, paid_at
      from invoices where status = 'confirmed'`;
    await sql`
      insert into payments (invoice_id, merchant_id, transfer_id, detected_at, confirmed_at, confirmations)
      select id, merchant_id, id, paid_at, paid_at, 12 from invoices where status = 'confirmed'`;
    await sql`
      insert into invoice_tallies (merchant_id, mode, network, status, hour, count, volume)
      select merchant_id, mode, network, status, hour, count(*), sum(amount)
      from invoices, lateral (values (date_trunc('hour', created_at)), ('-infinity'::timestamptz)) as hours(hour)
      group by merchant_id, mode, network, status, hour`;
    await sql`vacuum analyze`;
  });
}
