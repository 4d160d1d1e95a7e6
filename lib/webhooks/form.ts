import { z } from "zod";

/** Pure: what the forms about webhooks take. */

export const webhookUrlSchema = z.object({
  url: z.string().trim().max(500, "url must have at most 500 characters"),
});
export const deliverySchema = z.object({ deliveryId: z.string() });
export const sendTestSchema = z.object({ url: z.string().trim().max(500, "url must have at most 500 characters") });
