import { db } from "@/db/client";
import {
  type Attempt,
  type DeliveryFilter,
  type DeliverySummary,
  findDelivery,
  listAttempts,
  listDeliveries,
} from "@/db/queries/delivery-list";
import type { Scope } from "@/db/queries/invoices";
import { findMerchant } from "@/db/queries/merchants";
import { AppError } from "@/lib/errors";
import type { ListPage, Position } from "@/lib/lists/walk";
import { isUuid } from "@/lib/uuid";
import { deliveryHeaders } from "./deliver";

export type { Attempt, DeliveryFilter, DeliverySummary };

/** A page of a merchant's deliveries, newest first. */
export async function listDeliveryPage(
  scope: Scope,
  filter: DeliveryFilter,
  { limit, after }: { limit: number; after: Position | null },
): Promise<ListPage<DeliverySummary>> {
  const rows = await listDeliveries(db(), scope, filter, { limit: limit + 1, after });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last ? { createdAt: last.createdAt, id: last.id } : null;
  return { rows: shown, next, lookedBackTo: null };
}

/** A delivery with all that was sent and every answer. The headers are those that an attempt now would carry. */
export type DeliveryDetail = DeliverySummary & {
  body: string;
  headers: Record<string, string>;
  attempts: Attempt[];
};

/** @throws {AppError} not_found, also for another merchant's and the other mode's. */
export async function getDelivery(scope: Scope, id: string, now = new Date()): Promise<DeliveryDetail> {
  const [delivery, merchant] = isUuid(id)
    ? await Promise.all([findDelivery(db(), scope, id), findMerchant(db(), scope.merchantId)])
    : [null, null];
  if (!delivery || !merchant) throw new AppError("not_found", "There is no such delivery");
  const { webhookSecret, previousWebhookSecret: previous, previousWebhookSecretUntil: until } = merchant;
  const previousWebhookSecret = until && until > now ? previous : null;
  const signed = { ...delivery, merchantId: scope.merchantId, webhookSecret, previousWebhookSecret };
  return { ...delivery, headers: deliveryHeaders(signed, now), attempts: await listAttempts(db(), [id]) };
}

/**
 * The bytes of a delivery, for comparing them with what a receiver says it got; null where there is none of this id in the
 * merchant's world, in either mode.
 */
export async function findSentBody(merchantId: string, id: string): Promise<string | null> {
  if (!isUuid(id)) return null;
  const found = await Promise.all(
    (["test", "live"] as const).map((mode) => findDelivery(db(), { merchantId, mode }, id)),
  );
  return found.find((delivery) => delivery !== null)?.body ?? null;
}
