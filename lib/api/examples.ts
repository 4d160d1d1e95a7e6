/** One example for every operation, in the OpenAPI document; a test holds them against the schemas. */

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
          requestId: "018d0e6c-3b5a-7c3e-9d0f-2f6f1c9a4b11",
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
