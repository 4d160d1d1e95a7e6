import { v7 } from "uuid";
import type { Executor } from "@/db/client";
import type { Invoice } from "@/db/queries/invoices";
import { insertEvent } from "@/db/queries/settlement";
import type { EventType } from "@/db/schema";
import { assetOf } from "@/lib/chains/networks";
import { formatTime, formatTimeOrNull } from "@/lib/clock";
import { formatAmount } from "@/lib/money";

export type EventFacts = {
  eventId: string;
  type: EventType;
  createdAt: Date;
  /** The transaction that paid, as the network's explorers print it; null where nothing was paid. */
  txHash: string | null;
};

/**
 * The body of a webhook. It is made once and stored. `JSON.stringify(JSON.parse(body)) === body` holds for any metadata,
 * because the metadata is parsed before it is printed: a receiver that verifies what it re-serialized gets the same bytes.
 */
export function webhookBody(invoice: Invoice, facts: EventFacts): string {
  return JSON.stringify({
    invoice_reference: invoice.reference,
    merchant_id: invoice.merchantId,
    status: facts.type.slice("invoice.".length),
    asset_code: assetOf(invoice.network),
    payout_address: invoice.payoutAddress,
    amount_usdt_exact: formatAmount(invoice.amount),
    tx_hash: facts.txHash,
    metadata: invoice.metadata === null ? null : JSON.parse(invoice.metadata),
    paid_at: formatTimeOrNull(invoice.paidAt),
    type: facts.type,
    event_id: facts.eventId,
    invoice_id: invoice.id,
    is_test: invoice.mode === "test",
    created_at: formatTime(facts.createdAt),
    resolution: invoice.resolution,
  });
}

/**
 * Records that something happened to an invoice, with the webhook that tells it, in the transaction that made it happen:
 * the outbox. `events_once` lets it happen once.
 * @param invoice as it is after the change.
 * @param defaultUrl the merchant's webhook URL, for an invoice without a `callbackUrl`. With neither there is no delivery.
 */
export async function emitEvent(
  tx: Executor,
  type: EventType,
  invoice: Invoice,
  txHash: string | null,
  defaultUrl: string | null,
): Promise<void> {
  const facts = { eventId: v7(), type, createdAt: new Date(), txHash };
  const url = invoice.callbackUrl ?? defaultUrl;
  await insertEvent(
    tx,
    {
      id: facts.eventId,
      type,
      createdAt: facts.createdAt,
      merchantId: invoice.merchantId,
      mode: invoice.mode,
      invoiceId: invoice.id,
    },
    url === null ? null : { url, body: webhookBody(invoice, facts) },
  );
}
