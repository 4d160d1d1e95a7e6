import { z } from "zod";
import type { Scope } from "@/db/queries/invoices";
import { listInvoicePage } from "@/lib/invoices/list";
import { presentInvoice } from "@/lib/invoices/present";
import { createInvoiceSchema } from "@/lib/invoices/schema";
import { cancelInvoice, createInvoice, getInvoice, getInvoiceByReference } from "@/lib/invoices/service";
import { getAccount } from "@/lib/merchants/account";
import { simulatePaymentSchema, testWebhookSchema, triggerExpirySchema } from "@/lib/sandbox/schema";
import { simulatePayment, testWebhook, triggerExpiry } from "@/lib/sandbox/service";
import { listApiLogPage } from "./api-logs";
import { type Caller, type Endpoint, endpoint } from "./endpoint";
import {
  accountSchema,
  apiLogListSchema,
  invoiceListSchema,
  invoiceSchema,
  listApiLogsQuery,
  listInvoicesQuery,
  simulationSchema,
  testWebhookResultSchema,
} from "./schemas";

const scopeOf = (caller: Caller): Scope => ({ merchantId: caller.merchant.id, mode: caller.mode });
const idParams = z.object({ id: z.string().meta({ format: "uuid", description: "The invoice's id." }) });
const referenceParams = z.object({
  ref: z.string().meta({ minLength: 1, maxLength: 50, description: "Your reference, percent-encoded." }),
});

/** Every endpoint of /api/v1. */
export const ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    name: "createInvoice",
    method: "POST",
    path: "/invoices",
    tag: "Invoices",
    summary: "Create an invoice",
    description:
      "Takes an amount on one of your wallets and answers with what the customer needs to pay it. If the amount is taken by another open invoice on that wallet, the lowest free one above it is used, within your adjustment limit: always show amountUsdtExact.",
    limit: "create",
    idempotent: true,
    body: createInvoiceSchema,
    exact: ["amountUsdt", "metadata"],
    status: 201,
    response: invoiceSchema,
    errors: ["no_wallet", "network_unavailable", "duplicate_reference", "amount_unavailable"],
    run: async ({ executor, merchant, mode }, { body }) =>
      presentInvoice(await createInvoice(executor, merchant, mode, body)),
  }),
  endpoint({
    name: "listInvoices",
    method: "GET",
    path: "/invoices",
    tag: "Invoices",
    summary: "List invoices",
    description: "Newest first. For deep paging give the cursor of the page before: it costs the same on every page.",
    limit: "list",
    query: listInvoicesQuery,
    status: 200,
    response: invoiceListSchema,
    errors: [],
    run: async (caller, { query }) => listInvoicePage(scopeOf(caller), query),
  }),
  endpoint({
    name: "getInvoice",
    method: "GET",
    path: "/invoices/:id",
    tag: "Invoices",
    summary: "Get an invoice by its id",
    description:
      "The invoice as it is now. While a payment deepens, status is pending and payment tells how far it is.",
    limit: "get",
    params: idParams,
    status: 200,
    response: invoiceSchema,
    errors: ["not_found"],
    run: async (caller, { params }) => presentInvoice(await getInvoice(scopeOf(caller), params.id)),
  }),
  endpoint({
    name: "getInvoiceByReference",
    method: "GET",
    path: "/invoices/reference/:ref",
    tag: "Invoices",
    summary: "Get an invoice by your reference",
    description: "The same object as by its id.",
    limit: "get",
    params: referenceParams,
    status: 200,
    response: invoiceSchema,
    errors: ["not_found"],
    run: async (caller, { params }) => presentInvoice(await getInvoiceByReference(scopeOf(caller), params.ref)),
  }),
  endpoint({
    name: "cancelInvoice",
    method: "POST",
    path: "/invoices/:id/cancel",
    tag: "Invoices",
    summary: "Cancel a pending invoice",
    description:
      "Only while it is pending and no payment of it was seen. A transfer that arrives afterwards pays nothing by itself; it is kept as unmatched.",
    limit: "cancel",
    params: idParams,
    status: 200,
    response: invoiceSchema,
    errors: ["not_found", "invoice_not_cancellable"],
    run: async (caller, { params }) => presentInvoice(await cancelInvoice(scopeOf(caller), params.id)),
  }),
  endpoint({
    name: "getAccount",
    method: "GET",
    path: "/account",
    tag: "Account",
    summary: "Get your account",
    description: "Wallets, statistics of the key's mode, and how far each network is scanned.",
    limit: "account",
    status: 200,
    response: accountSchema,
    errors: [],
    run: async (caller) => getAccount(caller.merchant, caller.mode),
  }),
  endpoint({
    name: "listApiLogs",
    method: "GET",
    path: "/account/api-logs",
    tag: "Account",
    summary: "List your API requests",
    description:
      "Newest first, kept for 30 days. Secrets are masked and bodies capped at 8 KB. A request appears within a second or two.",
    limit: "account",
    query: listApiLogsQuery,
    status: 200,
    response: apiLogListSchema,
    errors: [],
    run: async (caller, { query }) => listApiLogPage(scopeOf(caller), query),
  }),
  endpoint({
    name: "simulatePayment",
    method: "POST",
    path: "/sandbox/simulate-payment",
    tag: "Sandbox",
    summary: "Simulate a payment of a test invoice",
    description:
      "Makes a transfer with a fabricated transaction. It is seen, deepens and is confirmed within seconds by the code that handles real ones, and the webhook is the one that production sends.",
    limit: "sandbox",
    testOnly: true,
    body: simulatePaymentSchema,
    status: 200,
    response: simulationSchema,
    errors: ["not_found", "invoice_not_pending"],
    run: async (caller, { body }) => simulatePayment(scopeOf(caller), body),
  }),
  endpoint({
    name: "triggerExpiry",
    method: "POST",
    path: "/sandbox/trigger-expiry",
    tag: "Sandbox",
    summary: "Expire a test invoice now",
    description: "What the clock would do, with its webhook. expiresAt becomes the present second.",
    limit: "sandbox",
    testOnly: true,
    body: triggerExpirySchema,
    status: 200,
    response: invoiceSchema,
    errors: ["not_found", "invoice_not_pending"],
    run: async (caller, { body }) => triggerExpiry(scopeOf(caller), body),
  }),
  endpoint({
    name: "testWebhook",
    method: "POST",
    path: "/sandbox/test-webhook",
    tag: "Sandbox",
    summary: "Send a webhook now and see what came back",
    description: "Signed as every webhook. It is sent once, not stored and not retried.",
    limit: "sandbox",
    testOnly: true,
    body: testWebhookSchema,
    status: 200,
    response: testWebhookResultSchema,
    errors: ["not_found", "no_webhook_url", "url_not_allowed"],
    run: async (caller, { body }) => testWebhook(scopeOf(caller), body),
  }),
];
