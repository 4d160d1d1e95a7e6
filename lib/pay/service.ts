import { randomUUID } from "node:crypto";
import { db, isDatabaseUnavailable } from "@/db/client";
import { findInvoiceByPayPath } from "@/db/queries/invoices";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/log";
import { decodePayPath, payPathOf } from "./paths";
import { payErrorResponse, payJsonResponse } from "./responses";
import { type PayView, payStatus, payView } from "./view";

/**
 * What the pay page of a URL segment shows; null where it leads to no invoice.
 * @param segment the last part of `paymentUrl`, percent-encoded as it stands in the URL.
 */
export async function findPayView(segment: string): Promise<PayView | null> {
  const payPath = decodePayPath(segment);
  const invoice = payPath === null ? null : await findInvoiceByPayPath(db(), payPath);
  return invoice && payView(invoice);
}

/** Whether a URL segment leads to an invoice; true where the database cannot say, so that the page itself reports it. */
export async function payPageExists(segment: string): Promise<boolean> {
  const payPath = decodePayPath(segment);
  if (payPath === null) return false;
  return findInvoiceByPayPath(db(), payPath).then(Boolean, () => true);
}

/** `GET …/{reference}/status`: the public status as JSON. The reference is read from the URL, so it can be mounted anywhere. */
export async function payStatusResponse(request: Request): Promise<Response> {
  const requestId = randomUUID();
  try {
    const payPath = payPathOf(request.url);
    const invoice = payPath === null ? null : await findInvoiceByPayPath(db(), payPath);
    if (!invoice) throw new AppError("not_found", "No invoice has this reference");
    return payJsonResponse(200, payStatus(invoice), requestId);
  } catch (error) {
    const known = error instanceof AppError ? error : toAppError(error);
    if (known.code === "internal") log.error({ requestId, err: error }, "pay status failed");
    return payErrorResponse(known, requestId);
  }
}

function toAppError(error: unknown): AppError {
  return isDatabaseUnavailable(error)
    ? new AppError("unavailable", "The gateway is busy: try again in a moment", { headers: { "retry-after": "5" } })
    : new AppError("internal", "Something failed on our side");
}
