import { SCENARIOS } from "@/db/schema";
import { rateLimiter } from "@/lib/api/rate-limit";
import { AppError } from "@/lib/errors";
import { simulatePayment, triggerExpiry } from "@/lib/sandbox/service";
import { readForm } from "./form";
import { backToPayPage } from "./responses";
import { answer } from "./service";

/** What the band of a test invoice offers: the sandbox's payments, and the end of its time. */
export const PAGE_SCENARIOS = [...SCENARIOS, "expire"] as const;
export type PageScenario = (typeof PAGE_SCENARIOS)[number];

/**
 * `POST …/{reference}/sandbox`, a form with `scenario`: what the sandbox does for a test key, for whoever sees a test invoice.
 * The sandbox is asked in the world of test invoices, where a live one is not found.
 */
export function payScenarioResponse(request: Request): Promise<Response> {
  return answer(request, async (invoice) => {
    const scope = { merchantId: invoice.merchantId, mode: "test" } as const;
    if (invoice.mode !== scope.mode) throw new AppError("not_found", "There is no such test invoice");
    const wanted = (await readForm(request)).get("scenario");
    const scenario = PAGE_SCENARIOS.find((name) => name === wanted);
    if (!scenario) throw new AppError("invalid_request", `scenario must be one of ${PAGE_SCENARIOS.join(", ")}`);
    const { allowed, resetSeconds } = await rateLimiter().take("sandbox", `pay/${invoice.id}`);
    if (!allowed) {
      const headers = { "retry-after": String(resetSeconds) };
      throw new AppError("rate_limited", `Too many simulations. Try again in ${resetSeconds} s`, { headers });
    }
    try {
      if (scenario === "expire") await triggerExpiry(scope, { invoiceId: invoice.id });
      else await simulatePayment(scope, { invoiceId: invoice.id, scenario });
    } catch (error) {
      // It was paid or has expired in the meantime: the page says so.
      if (!(error instanceof AppError && error.code === "invoice_not_pending")) throw error;
    }
    return backToPayPage(invoice.payPath);
  });
}
