import { randomUUID } from "node:crypto";
import { db, isDatabaseUnavailable } from "@/db/client";
import {
  findLogo,
  findPayInvoice,
  hasOrphanedPayment,
  listStraysOf,
  type PayInvoice,
  recordOpening,
} from "@/db/queries/pay";
import { clientIp } from "@/lib/api/client-ip";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { countGuess, refuseGuesser } from "./guesses";
import { payPathOf } from "./paths";
import { payErrorResponse, payJsonResponse } from "./responses";
import { type PayView, payStatus, payView } from "./view";

/**
 * The invoice that a pay path leads to.
 * @param payPath decoded; null where the address can lead to none.
 * @param ip who asks, null where it is not known.
 * @throws {AppError} not_found, rate_limited
 */
export async function getPayInvoice(payPath: string | null, ip: string | null): Promise<PayInvoice> {
  refuseGuesser(ip);
  const invoice = payPath === null ? null : await findPayInvoice(db(), payPath);
  if (invoice) return invoice;
  await countGuess(ip);
  throw new AppError("not_found", "No invoice has this reference");
}

/** What the pay page of an invoice shows now. */
export async function payViewOf(invoice: PayInvoice): Promise<PayView> {
  // Most pages have no stray and end here.
  const strays = invoice.latestStrayAt ? await listStraysOf(db(), invoice) : [];
  const waiting = invoice.status === "pending" && !invoice.payment;
  const orphaned = waiting && (await hasOrphanedPayment(db(), invoice));
  return payView(invoice, { strays, orphaned });
}

/** Notes the first opening of an invoice's page, after the answer and without anybody waiting for it. */
export function noteOpening(invoice: PayInvoice): void {
  setImmediate(() => {
    recordOpening(db(), invoice.id).catch((error: unknown) => log.warn({ err: error }, "an opening was not noted"));
  });
}

/** `GET …/{reference}/status`: the public status as JSON. The reference is read from the URL, so it can be mounted anywhere. */
export function payStatusResponse(request: Request): Promise<Response> {
  return answer(request, (invoice, requestId) => payJsonResponse(200, payStatus(invoice), requestId));
}

/** `GET …/{reference}/logo`: the merchant's logo. Whoever sees it has the invoice's address and knows the merchant's name. */
export function payLogoResponse(request: Request): Promise<Response> {
  return answer(request, async (invoice, requestId) => {
    const logo = invoice.logoUpdatedAt && (await findLogo(db(), invoice.merchantId));
    if (!logo) return payErrorResponse(new AppError("not_found", "This merchant has no logo"), requestId);
    return new Response(new Uint8Array(logo.content), {
      headers: {
        "content-type": logo.mediaType,
        // The page's link changes with the logo.
        "cache-control": "private, max-age=86400",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
      },
    });
  });
}

/** Finds the invoice of a request to something beside a pay page, and turns every failure into the contract's error. */
export async function answer(
  request: Request,
  respond: (invoice: PayInvoice, requestId: string) => Response | Promise<Response>,
): Promise<Response> {
  const requestId = randomUUID();
  try {
    return await respond(await getPayInvoice(payPathOf(request.url), clientIp(request)), requestId);
  } catch (error) {
    const known = payError(error);
    if (known.code === "internal") log.error({ requestId, err: error }, "a pay page's request failed");
    return payErrorResponse(known, requestId);
  }
}

/** A failure in words for the outside: nothing internal is told. */
export function payError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return isDatabaseUnavailable(error)
    ? new AppError("unavailable", "The gateway is busy: try again in a moment", { headers: { "retry-after": "5" } })
    : new AppError("internal", "Something failed on our side");
}
