import { z } from "zod";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { endKeys, insertApiKey, lockMerchant, replaceWebhookSecret, setWebhookUrl } from "@/db/queries/merchants";
import { MODES } from "@/db/schema/columns";
import { graceSeconds } from "@/lib/api-keys/schema";
import { newApiKey } from "@/lib/api-keys/service";
import { encryptSecret } from "@/lib/crypto";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { checkTargetUrl } from "@/lib/webhooks/guard";
import { generateWebhookSecret, secretContext } from "@/lib/webhooks/sign";

export const rotateKeySchema = z.object({
  mode: z.enum(MODES, "mode must be test or live"),
  grace: graceSeconds,
});
export const rotateSecretSchema = z.object({ grace: graceSeconds });

const until = (seconds: number) => (seconds === 0 ? null : new Date(Date.now() + seconds * 1000));
const noMerchant = () => new AppError("not_found", "There is no such merchant");

/**
 * Replaces a merchant's API key of a mode. The old one is dead when this returns, or after a grace period; so is every older one
 * whose own grace period is not over by then: a key that was lost after it was replaced can be ended.
 * Two at once come one after the other, each ending the key of the one before; `api_keys_one_current` keeps two current keys from
 * ever standing together.
 * @returns the new key, which is shown this once.
 */
export async function rotateApiKey(
  merchantId: string,
  { mode, grace }: z.output<typeof rotateKeySchema>,
  actor: Actor,
): Promise<{ key: string }> {
  const { key, stored } = newApiKey(mode);
  await db().transaction(async (tx) => {
    if (!(await lockMerchant(tx, merchantId))) throw noMerchant();
    await endKeys(tx, merchantId, mode, until(grace) ?? new Date(0));
    await insertApiKey(tx, { merchantId, ...stored });
    await insertAudit(tx, {
      merchantId,
      actor,
      action: "api_key.rotated",
      target: stored.prefix,
      data: { mode, grace },
    });
  });
  return { key };
}

/**
 * Replaces a merchant's webhook secret. The new one signs at once; during a grace period `webhook-signature` carries both.
 * @returns the new secret, which is shown this once.
 */
export async function rotateWebhookSecret(
  merchantId: string,
  { grace }: z.output<typeof rotateSecretSchema>,
  actor: Actor,
): Promise<{ webhookSecret: string }> {
  const webhookSecret = generateWebhookSecret();
  await db().transaction(async (tx) => {
    const sealed = encryptSecret(webhookSecret, secretContext(merchantId));
    if (!(await replaceWebhookSecret(tx, merchantId, sealed, until(grace)))) throw noMerchant();
    await insertAudit(tx, { merchantId, actor, action: "webhook_secret.rotated", target: merchantId, data: { grace } });
  });
  return { webhookSecret };
}

/**
 * Sets where webhooks go when an invoice names no `callbackUrl`; null: nowhere.
 * @throws {AppError} url_not_allowed, not_found
 */
export async function changeWebhookUrl(merchantId: string, url: string | null, actor: Actor): Promise<void> {
  const check = url === null ? null : checkTargetUrl(url, env().webhookAllowCidrs);
  if (check && !check.ok) throw new AppError("url_not_allowed", check.reason);
  await db().transaction(async (tx) => {
    if (!(await setWebhookUrl(tx, merchantId, url))) throw noMerchant();
    await insertAudit(tx, { merchantId, actor, action: "webhook_url.changed", target: merchantId, data: { url } });
  });
}
