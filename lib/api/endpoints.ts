import { z } from "zod";
import { presentInvoice } from "@/lib/invoices/present";
import { createInvoiceSchema } from "@/lib/invoices/schema";
import { cancelInvoice, createInvoice, getInvoice, getInvoiceByReference } from "@/lib/invoices/service";
import { type Caller, type Endpoint, endpoint } from "./endpoint";

const scopeOf = (caller: Caller) => ({ merchantId: caller.merchant.id, mode: caller.mode });
const idParams = z.object({ id: z.string() });
const referenceParams = z.object({ ref: z.string() });
const invoice = z.object({});

/** Every endpoint of /api/v1. */
export const ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    name: "createInvoice",
    method: "POST",
    path: "/invoices",
    tag: "Invoices",
    summary: "Create an invoice",
    description: "Reserves an amount on one of your wallets and returns what the customer needs to pay it.",
    limit: "create",
    idempotent: true,
    body: createInvoiceSchema,
    exact: ["amountUsdt", "metadata"],
    status: 201,
    response: invoice,
    errors: ["no_wallet", "network_unavailable", "duplicate_reference", "amount_unavailable"],
    run: async ({ executor, merchant, mode }, { body }) =>
      presentInvoice(await createInvoice(executor, merchant, mode, body)),
  }),
  endpoint({
    name: "getInvoice",
    method: "GET",
    path: "/invoices/:id",
    tag: "Invoices",
    summary: "Get an invoice by its id",
    description: "The invoice as it is now.",
    limit: "get",
    params: idParams,
    status: 200,
    response: invoice,
    errors: ["not_found"],
    run: async (caller, { params }) => presentInvoice(await getInvoice(scopeOf(caller), params.id)),
  }),
  endpoint({
    name: "getInvoiceByReference",
    method: "GET",
    path: "/invoices/reference/:ref",
    tag: "Invoices",
    summary: "Get an invoice by your reference",
    description: "The invoice as it is now.",
    limit: "get",
    params: referenceParams,
    status: 200,
    response: invoice,
    errors: ["not_found"],
    run: async (caller, { params }) => presentInvoice(await getInvoiceByReference(scopeOf(caller), params.ref)),
  }),
  endpoint({
    name: "cancelInvoice",
    method: "POST",
    path: "/invoices/:id/cancel",
    tag: "Invoices",
    summary: "Cancel a pending invoice",
    description: "Only while nobody is paying it. The amount stays taken until its cool-down is over.",
    limit: "cancel",
    params: idParams,
    status: 200,
    response: invoice,
    errors: ["not_found", "invoice_not_cancellable"],
    run: async (caller, { params }) => presentInvoice(await cancelInvoice(scopeOf(caller), params.id)),
  }),
];
