import { randomUUID } from "node:crypto";

/**
 * SQL that makes deliveries due at once, each of an invoice of its own that was cancelled, for tests and benches that need many.
 * Give it merchant, wallet (of this merchant, on ethereum), URL and how many.
 */
export function manyDeliveries(merchantId: string, walletId: string, url: string, count: number): string {
  const run = randomUUID().slice(0, 8);
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `
    with made as (
      insert into invoices (id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path,
        amount_requested, amount, status, created_at, expires_at, cancelled_at)
      select gen_random_uuid(), ${quote(merchantId)}::uuid, 'test', ${quote(walletId)}::uuid, 'ethereum', '0x0',
        '${run}-' || n, '${run}-' || n, n, n, 'cancelled', now(), now() + interval '30 minutes', now()
      from generate_series(1, ${count}) n
      returning id, reference
    ), told as (
      insert into events (id, merchant_id, mode, invoice_id, type)
      select gen_random_uuid(), ${quote(merchantId)}::uuid, 'test', id, 'invoice.cancelled' from made
      returning id, invoice_id
    )
    insert into deliveries (id, event_id, merchant_id, mode, url, body, next_attempt_at)
    select gen_random_uuid(), told.id, ${quote(merchantId)}::uuid, 'test', ${quote(url)},
      json_build_object('invoice_reference', made.reference, 'status', 'cancelled', 'note', repeat('x', 400)), now()
    from told join made on made.id = told.invoice_id`;
}
