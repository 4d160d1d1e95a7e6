"use server";

import { action } from "@/app/_session/action";
import { getInvoiceByReference } from "@/lib/invoices/service";
import { acceptTransferSchema } from "@/lib/transfers/form";
import * as unmatched from "@/lib/transfers/unmatched";

export const acceptTransfer = action(acceptTransferSchema, async ({ scope, actor }, { transferId, reference }) => {
  const invoice = await getInvoiceByReference(scope, reference);
  await unmatched.acceptTransfer(transferId, invoice.id, actor, scope);
  return { invoiceId: invoice.id };
});
