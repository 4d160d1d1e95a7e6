import type postgres from "postgres";

/** What a filled database holds, for the queries to ask about. */
export type Filled = { merchantId: string; walletId: string; addressKey: string };

/** Who sends a tenth of all payments. */
export const EXCHANGE = `0x${"e".repeat(40)}`;

const MERCHANTS = 1_000;
/** The largest merchant's share of all invoices, in percent. */
const LARGEST = 30;

/**
 * Fills an empty, migrated database with so many invoices at a million a day, up to now: 60 % paid, the rest expired or cancelled,
 * those of the last half hour open; with transfers, payments, events, deliveries, attempts, API logs, slots and tallies as they
 * would be. All in one transaction that has emptied the tables itself, so that nothing need be logged (`wal_level` is minimal); triggers and
 * foreign keys are off meanwhile, and indexes are made at the end: everything that goes in is consistent.
 */
export async function fill(database: postgres.Sql, invoices: number, say: (line: string) => void): Promise<Filled> {
  const filled = await database.begin((sql) => fillTables(sql, invoices, say));
  await step(say, "vacuum analyze", () => database`vacuum analyze`);
  return filled;
}

async function step(say: (line: string) => void, what: string, run: () => Promise<unknown>): Promise<void> {
  const begun = Date.now();
  await run();
  say(`  ${what}: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}

async function fillTables(
  sql: postgres.TransactionSql,
  invoices: number,
  say: (line: string) => void,
): Promise<Filled> {
  await sql`set local session_replication_role = replica`;
  await sql`set local statement_timeout = 0`;
  await sql`set local work_mem = '256MB'`;
  await sql`set local maintenance_work_mem = '1GB'`;
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  await sql`truncate ${sql(tables.map(({ name }) => name))}`;
  await sql`update pg_index set indisready = false, indisvalid = false
    from pg_class t where t.oid = indrelid and t.relnamespace = 'public'::regnamespace`;

  await step(say, "merchants, keys, wallets", async () => {
    await sql`insert into merchants (id, name, webhook_secret) select gen_random_uuid(), 'm' || n, 'x' from generate_series(1, ${MERCHANTS}) n`;
    await sql`insert into api_keys (id, merchant_id, mode, prefix, hash) select gen_random_uuid(), id, 'live', 'live_', md5(id::text) from merchants`;
    await sql`
      insert into wallets (id, merchant_id, network, address, address_key, is_default, watch_seq)
      select gen_random_uuid(), id, network, address, address, true, row_number() over (partition by network order by id)
      from merchants, unnest('{ethereum,bsc,tron}'::text[]) network,
        lateral (select '0x' || substr(encode(sha256((id::text || network)::bytea), 'hex'), 1, 40) as address) made`;
    await sql`insert into network_cursors (network, mode, scanned_number, scanned_hash, scanned_time, head_number, head_time)
      select network, 'live', 20000000, '0x', now(), 20000000, now() from unnest('{ethereum,bsc,tron}'::text[]) network`;
    await sql`create temp table fill_wallets on commit drop as
      select (row_number() over (order by w.merchant_id, network) - 1)::int as n, w.id, w.merchant_id, network, address_key,
        case network when 'bsc' then 14 else 2 end as shift
      from wallets w`;
    // Known to be few, they are what a join hashes, and invoices are stored in the order of time.
    await sql`analyze fill_wallets`;
  });
  await step(say, "invoices", async () => {
    const chunk = 1_000_000;
    for (let from = 1; from <= invoices; from += chunk) {
      const to = Math.min(invoices, from + chunk - 1);
      await sql`
        insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested,
          amount, status, title, callback_url, metadata, created_at, expires_at, paid_at, expired_at, cancelled_at, resolution)
        select uuidv7(created - clock_timestamp()), w.merchant_id, 'live', w.id, w.network, w.address_key,
          'ORDER-' || g.n, 'ORDER-' || g.n, amount, amount, status, 'Order ' || g.n, 'https://shop.example.com/webhooks',
          '{"orderId":"' || g.n || '","customer":"c-18273645"}', created, date_trunc('second', created) + interval '30 minutes',
          case status when 'confirmed' then created + interval '5 minutes' end,
          case status when 'expired' then created + interval '31 minutes' end,
          case status when 'cancelled' then created + interval '10 minutes' end,
          case status when 'confirmed' then 'automatic' end
        from generate_series(${from}::int, ${to}::int) g(n)
        cross join lateral (select now() - make_interval(secs => (${invoices}::int - g.n) * 0.0864) as created,
          -- The largest merchant has the first three wallets.
          case when g.n % 100 < ${LARGEST} then g.n % 3 else (g.n * 7919::bigint % ${MERCHANTS * 3})::int end as which,
          10000 + (g.n * 104729::bigint % 5000000) as amount) a
        cross join lateral (select case when created > now() - interval '30 minutes' then 'pending'
          when g.n % 10 < 6 then 'confirmed' when g.n % 50 = 9 then 'cancelled' else 'expired' end as status) s
        join fill_wallets w on w.n = a.which`;
    }
  });
  await step(say, "analyze", () => sql`analyze invoices`);
  await step(say, "transfers and payments", async () => {
    await sql`
      insert into transfers (id, network, mode, tx_hash, ordinal, block_number, block_hash, block_time, log_index, from_address,
        to_address_key, value, units, matched_at, detected_at)
      select i.id, i.network, 'live', '0x' || encode(sha256(i.id::text::bytea), 'hex'), 0,
        20000000 - (extract(epoch from now() - i.paid_at) / 3)::bigint, '0x' || md5(i.id::text) || md5(i.id::text), i.paid_at, 0,
        case when i.amount % 10 = 0 then ${EXCHANGE} else '0x' || substr(md5(i.reference), 1, 32) || '00000000' end, i.payout_address,
        i.amount::numeric * power(10::numeric, case i.network when 'bsc' then 14 else 2 end), i.amount, i.paid_at, i.paid_at
      from invoices i where i.status = 'confirmed'`;
    await sql`
      insert into payments (invoice_id, merchant_id, transfer_id, detected_at, confirmed_at, confirmations)
      select id, merchant_id, id, paid_at, paid_at, 12 from invoices where status = 'confirmed'`;
    // One in a hundred comes a second time, half of these without the network's fee; a few were just found; some payments are deepening.
    await sql`
      insert into transfers (id, network, mode, tx_hash, ordinal, block_number, block_hash, block_time, log_index, from_address,
        to_address_key, value, units, matched_at)
      select uuidv7(block_time - clock_timestamp()), network, mode, tx_hash, 1, block_number, block_hash, block_time, 1, from_address,
        to_address_key, value / units * (units - fee), units - fee, matched_at
      from transfers tablesample bernoulli (1), lateral (select units % 2 * 5000 as fee) short`;
    await sql`
      insert into unmatched_transfers (transfer_id, merchant_id, mode)
      select t.id, w.merchant_id, 'live' from transfers t join wallets w on w.network = t.network and w.address_key = t.to_address_key
      where t.ordinal = 1`;
    await sql`
      insert into transfers (id, network, mode, tx_hash, ordinal, block_number, block_hash, block_time, log_index, from_address,
        to_address_key, value, units, matched_at)
      select i.id, i.network, 'live', '0x' || encode(sha256(i.id::text::bytea), 'hex'), 0, 20000000 - 5, '0x', now(), 0, '0x0', i.payout_address,
        i.amount::numeric * power(10::numeric, case i.network when 'bsc' then 14 else 2 end), i.amount,
        case when row_number() over () > 200 then now() end
      from (select * from invoices where status = 'pending' order by created_at desc limit 1200) i`;
    await sql`
      insert into payments (invoice_id, merchant_id, transfer_id)
      select i.id, i.merchant_id, t.id from invoices i join transfers t on t.id = i.id
      where i.status = 'pending' and t.matched_at is not null`;
  });
  await step(say, "events, deliveries, attempts", async () => {
    await sql`
      insert into events (id, merchant_id, mode, invoice_id, type, created_at)
      select id, merchant_id, mode, id, 'invoice.' || status, created_at + interval '10 minutes' from invoices where status <> 'pending'`;
    await sql`
      insert into deliveries (id, event_id, merchant_id, mode, url, body, status, attempts_made, completed_at, created_at)
      select id, id, merchant_id, mode, 'https://shop.example.com/webhooks', repeat('{"webhook":"body"}', 35), 'delivered', 1,
        created_at, created_at from events`;
    await sql`
      insert into attempts (delivery_id, number, started_at, status_code, response_body, latency_ms)
      select id, 1, created_at, 200, 'ok', 120 from deliveries`;
    // Receivers that are down: retries that wait, and some that are due.
    await sql`
      update deliveries set status = 'pending', completed_at = null, attempts_made = 3,
        next_attempt_at = now() + make_interval(secs => (random() * 3600)::int - 300)
      where id in (select id from deliveries order by id desc limit 5000)`;
  });
  await step(say, "API logs, keys, slots, tallies, audit", async () => {
    await sql`
      insert into api_logs (id, merchant_id, mode, request_id, method, path, status_code, duration_ms, ip, request_body,
        response_body, created_at)
      select id, merchant_id, mode, id::text, 'POST', '/api/v1/invoices', 201, 12, '203.0.113.9', repeat('{"request":1}', 15),
        repeat('{"response":"body"}', 30), created_at from invoices where reference like '%5'`;
    await sql`
      insert into api_log_tallies (merchant_id, mode, count)
      select merchant_id, mode, count(*) from api_logs group by merchant_id, mode`;
    await sql`
      insert into amount_slots (wallet_id, mode, amount, held_until)
      select wallet_id, mode, amount, max(expires_at + interval '30 minutes') from invoices
      where created_at > now() - interval '2 hours' group by wallet_id, mode, amount`;
    await sql`
      insert into idempotency_keys (merchant_id, mode, key, fingerprint, status_code, response_body, created_at)
      select merchant_id, mode, reference, md5(reference), 201, repeat('x', 600), created_at from invoices
      where created_at > now() - interval '24 hours' and reference like '%3'`;
    await sql`
      insert into invoice_tallies (merchant_id, mode, network, status, hour, count, volume)
      select merchant_id, mode, network, status, hour, count(*), sum(amount)
      from invoices, lateral (values (date_trunc('hour', created_at)), ('-infinity'::timestamptz)) as hours(hour)
      group by merchant_id, mode, network, status, hour`;
    await sql`
      insert into invoice_tally_changes (merchant_id, mode, network, status, hour, count, volume)
      select merchant_id, mode, network, 'pending', date_trunc('hour', created_at), 0, 0 from invoices
      where status = 'pending' limit 500`;
    await sql`
      insert into audit_log (id, merchant_id, actor, action, target, data, created_at)
      select id, merchant_id, 'key:live_', 'invoice.cancelled', id::text, '{"from":"pending"}', cancelled_at from invoices
      where status = 'cancelled'`;
    await sql`
      insert into blocks (network, number, hash, parent_hash, time)
      select network, 20000000 - n, '0x' || n, '0x' || n + 1, now() - n * interval '3 seconds'
      from unnest('{ethereum,bsc,tron}'::text[]) network, generate_series(0, 500) n`;
  });
  await step(say, "indexes", async () => {
    for (const { name } of tables) await sql`reindex table ${sql(name)}`;
  });
  const [largest] = await sql<{ merchant_id: string; wallet_id: string; address_key: string }[]>`
    select t.merchant_id, w.id as wallet_id, w.address_key
    from (select merchant_id from invoice_tallies where hour = '-infinity' group by merchant_id order by sum(count) desc limit 1) t
    join wallets w on w.merchant_id = t.merchant_id and w.network = 'ethereum'`;
  if (!largest) throw new Error("nothing was filled in");
  return { merchantId: largest.merchant_id, walletId: largest.wallet_id, addressKey: largest.address_key };
}
