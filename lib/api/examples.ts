import type { ErrorCode } from "@/lib/errors";

/** One example for every operation and error, in the OpenAPI document; a test holds them against the schemas. */

export const REQUEST_ID = "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b11";

const INVOICE = {
  id: "550e8400-e29b-41d4-a716-446655440000",
  reference: "ORDER-12345",
  assetCode: "USDT_TRC20",
  payoutAddress: "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy",
  amountUsdtExact: "150.0000",
  status: "pending",
  expiresAt: "2024-01-15T15:00:00Z",
  paymentUrl: "https://pay.example.com/ORDER-12345",
  createdAt: "2024-01-15T14:30:00Z",
  isTest: true,
  metadata: { orderId: "12345" },
  amountUsdt: "150.0000",
  walletId: "6fa459ea-ee8a-4ca4-894e-db77e160355e",
  network: "tron",
  title: "Order #12345",
  description: null,
  callbackUrl: "https://shop.example.com/webhook",
  returnUrl: null,
  txHash: null,
  paidAt: null,
  cancelledAt: null,
  expiredAt: null,
  payment: null,
};

const STATISTICS = {
  total: 3,
  byStatus: { pending: 1, confirmed: 2, expired: 0, cancelled: 0 },
  confirmedVolumeUsdt: "300.0000",
};

export const EXAMPLES: Record<string, { request?: unknown; response: unknown }> = {
  createInvoice: {
    request: {
      amountUsdt: "150.0000",
      assetCode: "USDT_TRC20",
      reference: "ORDER-12345",
      callbackUrl: "https://shop.example.com/webhook",
      metadata: { orderId: "12345" },
      title: "Order #12345",
    },
    response: INVOICE,
  },
  listInvoices: {
    response: { data: [INVOICE], pagination: { page: 1, limit: 20, total: 1, totalPages: 1, nextCursor: null } },
  },
  getInvoice: { response: INVOICE },
  getInvoiceByReference: { response: INVOICE },
  cancelInvoice: { response: { ...INVOICE, status: "cancelled", cancelledAt: "2024-01-15T14:31:00Z" } },
  getAccount: {
    response: {
      id: "7d444840-9dc0-41d1-b245-5ffdce74fad2",
      name: "Example shop",
      email: "owner@example.com",
      status: "active",
      createdAt: "2024-01-01T09:00:00Z",
      mode: "test",
      wallets: [
        {
          id: INVOICE.walletId,
          network: "tron",
          assetCode: "USDT_TRC20",
          address: INVOICE.payoutAddress,
          label: null,
          isDefault: true,
          createdAt: "2024-01-01T09:05:00Z",
        },
      ],
      statistics: { ...STATISTICS, last24Hours: STATISTICS, last30Days: STATISTICS },
      networks: [
        {
          network: "tron",
          label: "Tron (TRC20)",
          assetCode: "USDT_TRC20",
          status: "ok",
          healthy: true,
          blocksBehind: 0,
          secondsBehind: 2,
        },
      ],
    },
  },
  listApiLogs: {
    response: {
      data: [
        {
          id: "16fd2706-8baf-433b-82eb-8c7fada847da",
          method: "POST",
          path: "/api/v1/invoices",
          statusCode: 201,
          durationMs: 12,
          ip: "203.0.113.7",
          userAgent: "curl/8.5.0",
          requestId: REQUEST_ID,
          requestBody: '{"amountUsdt":"150.0000"}',
          responseBody: '{"id":"550e8400-e29b-41d4-a716-446655440000"}',
          errorCode: null,
          createdAt: "2024-01-15T14:30:00Z",
        },
      ],
      pagination: { page: 1, limit: 50, total: 1, totalPages: 1 },
    },
  },
  simulatePayment: {
    request: { invoiceId: INVOICE.id, delaySeconds: 0, scenario: "exact" },
    response: {
      id: "886313e1-3b8a-5372-9b90-0c9aee199e5d",
      scenario: "exact",
      status: "sent",
      dueAt: "2024-01-15T14:31:00Z",
      invoice: INVOICE,
    },
  },
  triggerExpiry: {
    request: { invoiceId: INVOICE.id },
    response: {
      ...INVOICE,
      status: "expired",
      expiresAt: "2024-01-15T14:31:00Z",
      expiredAt: "2024-01-15T14:31:00Z",
    },
  },
  testWebhook: {
    request: { url: "https://shop.example.com/webhook" },
    response: {
      url: "https://shop.example.com/webhook",
      request: {
        headers: { "Content-Type": "application/json", "X-Webhook-Id": "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b12" },
        body: '{"invoice_reference":"TEST-WEBHOOK","status":"confirmed"}',
      },
      response: { delivered: true, statusCode: 200, body: "ok", durationMs: 87, error: null },
    },
  },
};

export const WEBHOOK_EXAMPLE = {
  invoice_reference: INVOICE.reference,
  merchant_id: "7d444840-9dc0-41d1-b245-5ffdce74fad2",
  status: "confirmed",
  asset_code: INVOICE.assetCode,
  payout_address: INVOICE.payoutAddress,
  amount_usdt_exact: INVOICE.amountUsdtExact,
  tx_hash: "9c1f4dbd6a0e5b1d1a0f0c4d4f1e7ad3bd9bb28ba1bcb0a23c1e33ad2d0f5f4e",
  metadata: INVOICE.metadata,
  paid_at: "2024-01-15T14:32:00Z",
  type: "invoice.confirmed",
  event_id: "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b13",
  invoice_id: INVOICE.id,
  is_test: true,
  created_at: "2024-01-15T14:33:02Z",
  resolution: "automatic",
};

/** What a delivery carries beside its body and its type. */
export const DELIVERY_HEADERS_EXAMPLE = {
  "X-Webhook-Signature": "5f1d8a8d6a6c0f3d5d7c2f0f8b2a5f6c9e4d3b2a1f0e9d8c7b6a5f4e3d2c1b0a",
  "X-Webhook-Id": "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b12",
  "X-Invoice-Reference": INVOICE.reference,
  "webhook-id": "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b12",
  "webhook-timestamp": "1705329182",
  "webhook-signature": "v1,Xx2nJ0mR3s0lq7bFf9vT1c6yWmVq0w8uZkq3pP0oJ5E=",
};

const AMOUNT_MESSAGE = "Amount must have at most 4 decimal places";

/** What each error says, with what it carries beside the fields that all have. */
export const ERROR_MESSAGES: Record<ErrorCode, { message: string; [field: string]: unknown }> = {
  invalid_request: { message: AMOUNT_MESSAGE, details: [{ path: "amountUsdt", message: AMOUNT_MESSAGE }] },
  malformed_json: { message: "The body is not valid JSON" },
  no_wallet: { message: "You have no wallet on Tron (TRC20) to be paid to. Add one in the dashboard under Wallets" },
  network_unavailable: { message: "This gateway does not watch Tron (TRC20) at the moment. Use another network" },
  invoice_not_cancellable: { message: "The invoice is confirmed: only a pending one can be cancelled" },
  invoice_not_pending: { message: "The invoice is expired: only a pending one can expire" },
  transfer_not_acceptable: { message: "The invoice is confirmed already" },
  no_webhook_url: { message: "There is no URL to send to: give url, or set a default webhook URL" },
  url_not_allowed: { message: "Webhooks go to public addresses only" },
  unauthenticated: { message: "The API key is missing. Send it as: Authorization: Bearer test_… or live_…" },
  account_suspended: { message: "This account is suspended. Ask the operator of this gateway" },
  test_key_required: { message: "The sandbox works with test keys only: use your test_ key" },
  not_found: { message: "There is no such invoice" },
  method_not_allowed: { message: "This method is not possible here; use GET, HEAD, OPTIONS" },
  duplicate_reference: {
    message: "The reference ORDER-12345 is used by another of your invoices",
    invoiceId: INVOICE.id,
  },
  amount_unavailable: { message: "Every amount near this one is taken by another open invoice. Try again later" },
  idempotency_in_flight: { message: "A request with this Idempotency-Key is still being worked on. Try again shortly" },
  body_too_large: { message: "The body is larger than 128 KB" },
  unsupported_media_type: { message: "Send the body as JSON, with Content-Type: application/json" },
  idempotency_mismatch: {
    message: "This Idempotency-Key was used for another request. Use a new key for a new request",
  },
  rate_limited: { message: "Too many requests: at most 100 a minute. Try again in 12 s" },
  internal: { message: "Something went wrong on our side. It was logged under this requestId" },
  unavailable: { message: "The gateway is restarting a part of itself. Try again in a moment" },
};
