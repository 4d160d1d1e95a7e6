import type { PayInvoice } from "@/db/queries/pay";
import { AppError } from "@/lib/errors";
import { isCancelToken } from "@/lib/invoices/present";
import { cancelInvoice } from "@/lib/invoices/service";

/** Whether whoever holds this token may cancel this invoice now. */
export function mayCancel(invoice: PayInvoice, token: string): boolean {
  return isCancelToken(invoice.id, token) && invoice.status === "pending" && !invoice.payment;
}

/**
 * Cancels an invoice from its pay page. The token is the whole authority, so another site cannot do it for somebody.
 * @returns whether it is cancelled now; false: the token is wrong, or a payment was faster.
 */
export async function cancelFromPage(invoice: PayInvoice, token: string): Promise<boolean> {
  if (!isCancelToken(invoice.id, token)) return false;
  if (invoice.status === "cancelled") return true;
  try {
    await cancelInvoice({ merchantId: invoice.merchantId, mode: invoice.mode }, invoice.id);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "invoice_not_cancellable") return false;
    throw error;
  }
}
