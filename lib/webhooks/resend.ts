import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { resetDelivery } from "@/db/queries/deliveries";
import type { Scope } from "@/db/queries/invoices";
import { AppError } from "@/lib/errors";
import { nudge } from "@/lib/jobs/nudge";
import { isUuid } from "@/lib/uuid";

/**
 * Sends a delivery again: at once, with the same id and bytes, and a new round of retries. A running server sends it within a
 * second.
 * @param scope whose it must be.
 * @throws {AppError} not_found
 */
export async function resendDelivery(
  deliveryId: string,
  actor: Actor,
  scope?: Scope,
): Promise<{ deliveryId: string; status: string }> {
  const delivery = await db().transaction(async (tx) => {
    const row = isUuid(deliveryId) ? await resetDelivery(tx, deliveryId, scope) : null;
    if (!row) throw new AppError("not_found", "There is no such delivery");
    await insertAudit(tx, { merchantId: row.merchantId, actor, action: "delivery.resent", target: deliveryId });
    return row;
  });
  nudge("deliver");
  return { deliveryId, status: delivery.status };
}
