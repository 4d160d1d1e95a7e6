import { randomUUID } from "node:crypto";
import postgres from "postgres";

/** One INSERT of an invoice's size with its row back: all that the bare servers do. The table has no index but its key. */
const sql = postgres(process.env.DATABASE_URL, { max: 16 });

/**
 * @param {{ amountUsdt: string, assetCode: string, title: string, callbackUrl: string, metadata: unknown }} body
 * @returns {Promise<Record<string, unknown>>} the row that was inserted
 */
export async function insert(body) {
  const reference = randomUUID();
  const amount = Math.round(Number(body.amountUsdt) * 10_000);
  const [row] = await sql`
    insert into bench_bare (
      id, merchant_id, mode, wallet_id, network, payout_address, reference, pay_path, amount_requested, amount,
      title, callback_url, metadata, white_label, created_at, expires_at
    ) values (
      ${randomUUID()}, ${merchant}, 'test', ${merchant}, 'ethereum', ${address}, ${reference}, ${reference}, ${amount}, ${amount},
      ${body.title}, ${body.callbackUrl}, ${JSON.stringify(body.metadata)}, false, now(), now() + interval '30 minutes'
    )
    returning *`;
  return row;
}

const merchant = randomUUID();
const address = `0x${"ab".repeat(20)}`;
