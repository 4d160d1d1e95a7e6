"use server";

import { action } from "@/app/_session/action";
import { changeWebhookUrl, rotateSecretSchema, rotateWebhookSecret } from "@/lib/merchants/rotation";
import { sendTestWebhook } from "@/lib/sandbox/by-hand";
import { findSentBody } from "@/lib/webhooks/deliveries";
import { deliverySchema, sendTestSchema, webhookUrlSchema } from "@/lib/webhooks/form";
import * as deliveries from "@/lib/webhooks/resend";

export const saveWebhookUrl = action(webhookUrlSchema, ({ merchant, actor }, { url }) =>
  changeWebhookUrl(merchant.id, url || null, actor),
);

export const rotateSecret = action(rotateSecretSchema, ({ merchant, actor }, input) =>
  rotateWebhookSecret(merchant.id, input, actor),
);

export const sendTest = action(sendTestSchema, ({ merchant }, { url }) => sendTestWebhook(merchant.id, url));

export const resendDelivery = action(deliverySchema, async ({ scope, actor }, { deliveryId }) => {
  await deliveries.resendDelivery(deliveryId, actor, scope);
});

/** What we sent under an id, for comparing. The secret that is checked with never comes here. */
export const readSentBody = action(
  deliverySchema,
  ({ merchant }, { deliveryId }) => findSentBody(merchant.id, deliveryId),
  {
    reads: true,
  },
);
