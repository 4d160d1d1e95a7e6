import { sql } from "drizzle-orm";
import type { Executor } from "@/db/client";

/** The steps of a merchant's start, each true once it has happened. */
export type Steps = { keyCopied: boolean; walletAdded: boolean; firstCall: boolean; webhookAnswered: boolean };

/**
 * How far a merchant's start has come, in whichever mode. Each question stops at its first row; the order makes PostgreSQL look for
 * it in the merchant's index, where it would else read the table until it meets one.
 */
export async function readSteps(db: Executor, merchantId: string): Promise<Steps> {
  const [row] = await db.execute<{ key: boolean; wallet: boolean; call: boolean; webhook: boolean }>(sql`
    select
      exists (select 1 from merchants where id = ${merchantId} and key_copied_at is not null) as key,
      exists (select 1 from wallets where merchant_id = ${merchantId} and archived_at is null) as wallet,
      exists (select 1 from api_keys where merchant_id = ${merchantId} and last_used_at is not null) as call,
      exists (
        select 1 from (values ('test'), ('live')) as modes(mode), lateral (
          select 1 from deliveries
          where merchant_id = ${merchantId} and deliveries.mode = modes.mode and status = 'delivered'
          order by created_at desc limit 1
        ) latest
      ) as webhook`);
  return {
    keyCopied: row?.key ?? false,
    walletAdded: row?.wallet ?? false,
    firstCall: row?.call ?? false,
    webhookAnswered: row?.webhook ?? false,
  };
}
