import type postgres from "postgres";

/**
 * Fills the tables as so many invoices of the last 300 days would have, their tallies included: 60 % paid, 30 % expired, 10 %
 * cancelled, all of them announced; one transfer in a thousand pays nothing, one delivery in a thousand failed.
 */
export async function fillInvoices(sql: postgres.Sql, merchantId: string, invoices: number): Promise<void> {
  // Neither foreign keys nor triggers: what goes in is consistent, and what triggers keep is made below.
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
      paid_at, 0, '0x' || right(encode(sha256(id::text::bytea), 'hex'), 40), ${wallet.address_key}, amount * 100, amount, paid_at,
      merchant_id, paid_at
    from invoices where merchant_id = ${merchantId} and status = 'confirmed'`;
  await sql`
    insert into payments (invoice_id, merchant_id, transfer_id, detected_at, confirmed_at, confirmations)
    select id, merchant_id, id, paid_at, paid_at, 12 from invoices where merchant_id = ${merchantId} and status = 'confirmed'`;
  await sql`
    insert into invoice_tallies (merchant_id, mode, network, status, hour, count, volume)
    select merchant_id, mode, network, status, hour, count(*), sum(amount)
    from invoices, lateral (values (date_trunc('hour', created_at)), ('-infinity'::timestamptz)) as hours(hour)
    group by merchant_id, mode, network, status, hour`;
  await sql`vacuum analyze`;
}

/** Adds what the dashboard shows beside invoices: an event and a delivery each, transfers that pay nothing, API requests. */
export async function fillDashboard(sql: postgres.Sql, merchantId: string, invoices: number): Promise<void> {
  await sql`set session_replication_role = replica`;
  await sql`set statement_timeout = 0`;
  await sql`
    insert into events (id, merchant_id, mode, invoice_id, type, created_at)
    select id, merchant_id, mode, id, 'invoice.' || status, coalesce(paid_at, expired_at, cancelled_at)
    from invoices where merchant_id = ${merchantId}`;
  await sql`
    insert into deliveries (id, event_id, merchant_id, mode, url, body, status, attempts_made, created_at, completed_at)
    select e.id, e.id, e.merchant_id, e.mode, 'https://shop.example.com/webhooks/usdt',
      '{"invoice_reference":"BENCH","type":"' || e.type || '","event_id":"' || e.id || '"}',
      case when right(e.id::text, 3) = '000' then 'failed' else 'delivered' end, 1, e.created_at, e.created_at
    from events e where e.merchant_id = ${merchantId}`;
  await sql`
    insert into attempts (delivery_id, number, started_at, status_code, response_body, latency_ms)
    select id, 1, created_at, 200, 'ok', 40 from deliveries where merchant_id = ${merchantId}`;
  await sql`
    insert into transfers (
      id, network, mode, tx_hash, ordinal, block_number, block_hash, block_time, log_index, from_address, to_address_key,
      value, units, matched_at, merchant_id, detected_at
    )
    select gen.id, network, mode, tx_hash, 1, block_number, block_hash, block_time, 1, from_address, to_address_key,
      value - 100, units - 1, matched_at, merchant_id, detected_at
    from transfers, lateral (select overlay(id::text placing 'f' from 36)::uuid as id) as gen
    where merchant_id = ${merchantId} and right(transfers.id::text, 3) = '000'`;
  await sql`
    insert into unmatched_transfers (transfer_id, merchant_id, mode)
    select id, merchant_id, mode from transfers where merchant_id = ${merchantId} and ordinal = 1`;
  await sql`
    insert into api_logs (id, merchant_id, mode, request_id, method, path, status_code, duration_ms, created_at)
    select uuidv7(at - clock_timestamp()), ${merchantId}, 'test', gen_random_uuid(), 'POST', '/api/v1/invoices',
      case when n % 50 = 0 then 400 else 201 end, 7, at
    from generate_series(1, ${invoices}::int) as n,
      lateral (select now() - interval '30 days' * (1 - n::float8 / ${invoices}) as at) as times`;
  await sql`vacuum analyze`;
}
