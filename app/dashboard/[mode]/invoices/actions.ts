"use server";

import { action } from "@/app/_session/action";
import { cancelInvoiceSchema, paymentLinkSchema } from "@/lib/invoices/form";
import * as invoices from "@/lib/invoices/service";

export const createInvoice = action(paymentLinkSchema, async ({ merchant, mode, actor }, input) => {
  const { id } = await invoices.createInvoiceByHand(merchant, mode, input, actor);
  return { id };
});

export const cancelInvoice = action(cancelInvoiceSchema, async ({ scope, actor }, { invoiceId }) => {
  await invoices.cancelInvoice(scope, invoiceId, actor);
});
