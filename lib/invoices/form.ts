import { z } from "zod";
import { createInvoiceSchema } from "./schema";

/** Pure: the form of a payment link and the server check it alike. */

const blank = z.string().transform((text) => text.trim() || undefined);

/** What a person fills in for a payment link; what it comes to is checked as every request to create an invoice is. */
export const paymentLinkSchema = z
  .object({
    // A comma is how half the world writes it.
    amountUsdt: z.string().transform((text) => text.trim().replace(",", ".") || undefined),
    assetCode: blank,
    title: blank,
    description: blank,
    reference: blank,
    expirySeconds: blank.transform((text) => (text === undefined ? undefined : Number(text))),
    returnUrl: blank,
    callbackUrl: blank,
  })
  .transform((filled) => filled as z.input<typeof createInvoiceSchema>)
  .pipe(createInvoiceSchema);

export const cancelInvoiceSchema = z.object({ invoiceId: z.string() });
