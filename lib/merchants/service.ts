import { v7 } from "uuid";
import { z } from "zod";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import { insertApiKey, insertMerchant, insertUser, setMerchantStatus } from "@/db/queries/merchants";
import { newApiKey } from "@/lib/api-keys/service";
import { hashPassword } from "@/lib/auth/password";
import { businessNameSchema, emailSchema, passwordSchema } from "@/lib/auth/schema";
import { encryptSecret } from "@/lib/crypto";
import { AppError } from "@/lib/errors";

import { generateWebhookSecret, secretContext } from "@/lib/webhooks/sign";

export const createMerchantSchema = z.object({
  email: emailSchema,
  name: businessNameSchema,
  password: passwordSchema.optional(),
});

/** What is shown once, when a merchant is made. */
export type NewMerchant = { merchantId: string; testKey: string; liveKey: string; webhookSecret: string };

/**
 * Creates a merchant with its owner, a key for each mode and a webhook secret: one transaction. `users_email_unique` keeps an
 * address from having two accounts.
 * @throws {AppError} invalid_request where the address has an account.
 */
export async function createMerchant(input: z.output<typeof createMerchantSchema>, actor: Actor): Promise<NewMerchant> {
  const merchantId = v7();
  const webhookSecret = generateWebhookSecret();
  const testKey = newApiKey("test");
  const liveKey = newApiKey("live");
  const passwordHash = input.password === undefined ? null : await hashPassword(input.password);
  await db().transaction(async (tx) => {
    const sealed = encryptSecret(webhookSecret, secretContext(merchantId));
    await insertMerchant(tx, { id: merchantId, name: input.name, webhookSecret: sealed });
    if (!(await insertUser(tx, { merchantId, email: input.email, passwordHash }))) {
      throw new AppError("invalid_request", `email ${input.email} already has an account`);
    }
    await insertApiKey(tx, { merchantId, ...testKey.stored });
    await insertApiKey(tx, { merchantId, ...liveKey.stored });
    await insertAudit(tx, { merchantId, actor, action: "merchant.created", target: merchantId });
  });
  return { merchantId, testKey: testKey.key, liveKey: liveKey.key, webhookSecret };
}

/** Suspends a merchant (its keys answer 403; open invoices are still watched and credited) or lets it work again. */
export async function changeMerchantStatus(
  merchantId: string,
  status: "active" | "suspended",
  actor: Actor,
): Promise<void> {
  await db().transaction(async (tx) => {
    if (!(await setMerchantStatus(tx, merchantId, status)))
      throw new AppError("not_found", "There is no such merchant");
    const action = status === "active" ? "merchant.activated" : "merchant.suspended";
    await insertAudit(tx, { merchantId, actor, action, target: merchantId });
  });
}
