import { Inngest } from "inngest";
import { env } from "@/lib/env";
import { log } from "@/lib/log";

const settings = env().inngest;
if (!settings) throw new Error("Inngest is not configured");

export const inngest = new Inngest({
  id: "usdt-gateway",
  eventKey: settings.eventKey,
  signingKey: settings.signingKey,
  baseUrl: settings.baseUrl,
  isDev: settings.dev,
  logger: log,
  aiMetadata: false,
});

/** The events that start runs. */
export const EVENTS = {
  /** Take a turn now instead of with the next minute. */
  wake: "gateway/wake",
  /** Test invoices have something to do at `data.at` (ISO 8601). */
  sandboxDue: "gateway/sandbox.due",
  /** The delivery `data.deliveryId` of `data.merchantId` is to be sent. */
  deliveryDue: "gateway/delivery.due",
} as const;
