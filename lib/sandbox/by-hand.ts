import type { z } from "zod";
import type { Scope } from "@/db/queries/invoices";
import { rateLimiter } from "@/lib/api/rate-limit";
import { AppError } from "@/lib/errors";
import type { simulatePaymentSchema, triggerExpirySchema } from "./schema";
import * as sandbox from "./service";

/** The sandbox for people: in test mode only, within the same limits as for programs. */

type TestScope = Scope & { mode: "test" };

async function enter(scope: Scope): Promise<TestScope> {
  if (scope.mode !== "test") throw new AppError("test_key_required", "The sandbox works in test mode only");
  const { merchantId } = scope;
  const decision = await rateLimiter().take("sandbox", `${merchantId}/test`);
  if (!decision.allowed) {
    throw new AppError("rate_limited", `At most ${decision.limit} a minute. Try again in ${decision.resetSeconds} s`);
  }
  return { merchantId, mode: "test" };
}

/** @throws {AppError} as the sandbox's `simulatePayment`, test_key_required, rate_limited */
export async function simulatePayment(scope: Scope, input: z.output<typeof simulatePaymentSchema>) {
  const { status, dueAt } = await sandbox.simulatePayment(await enter(scope), input);
  return { status, dueAt };
}

/** @throws {AppError} as the sandbox's `triggerExpiry`, test_key_required, rate_limited */
export async function triggerExpiry(scope: Scope, input: z.output<typeof triggerExpirySchema>) {
  await sandbox.triggerExpiry(await enter(scope), input);
}

/**
 * Sends an example webhook, to `url` or where webhooks go by default. It always says that it is a test, in live mode too: a
 * receiver must never take it for money.
 * @throws {AppError} no_webhook_url, url_not_allowed, rate_limited
 */
export async function sendTestWebhook(merchantId: string, url: string) {
  const scope = await enter({ merchantId, mode: "test" });
  return await sandbox.testWebhook(scope, { url: url || null, invoiceId: null });
}
