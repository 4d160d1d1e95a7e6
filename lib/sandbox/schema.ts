import { z } from "zod";
import { SCENARIOS } from "@/db/schema";

const invoiceId = z.guid("invoiceId must be the id of a test invoice");

export const simulatePaymentSchema = z
  .object({
    invoiceId,
    delaySeconds: z
      .int("delaySeconds must be a whole number from 0 to 3600")
      .min(0, "delaySeconds must be at least 0")
      .max(3600, "delaySeconds must be at most 3600")
      .nullish()
      .meta({ description: "When the transfer is made, counted from now.", default: 0 }),
    scenario: z
      .enum(SCENARIOS, `scenario must be one of ${SCENARIOS.join(", ")}`)
      .nullish()
      .meta({
        description:
          "exact: the amount asked for. underpaid and overpaid: a tenth less or more, which pays nothing. late: after the invoice has expired. duplicate: the amount twice. reorged: seen, then gone with its block.",
        default: "exact",
      }),
  })
  .meta({ id: "SimulatePaymentRequest" });

export const triggerExpirySchema = z.object({ invoiceId }).meta({ id: "TriggerExpiryRequest" });

export const testWebhookSchema = z
  .object({
    url: z.string("url must be a URL").max(500, "url must have at most 500 characters").nullish().meta({
      format: "uri",
      maxLength: 500,
      description: "Send there; else to the invoice's callbackUrl, else to your default URL.",
    }),
    invoiceId: invoiceId.nullish().meta({ description: "Send this invoice's data; else an example's." }),
  })
  .meta({ id: "TestWebhookRequest" });
