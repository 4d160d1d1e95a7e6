/**
 * What the API takes and gives: the schemas of `/api/v1/openapi.json` as types. Answers may get new fields; those that are here
 * stay.
 */

/** Where USDT is sent. */
export type Network = "tron" | "ethereum" | "bsc";

/** USDT on one of the networks. */
export type AssetCode = "USDT_TRC20" | "USDT_ERC20" | "USDT_BSC";

/**
 * `pending` until the payment is deep enough (a payment that is seen shows in `payment`), the time is over, or you cancel.
 * Only `confirmed` means paid. An `expired` invoice can, very rarely, still become `confirmed`.
 */
export type InvoiceStatus = "pending" | "confirmed" | "expired" | "cancelled";

/** Whose world: that of test keys or that of live keys. They never mix. */
export type Mode = "test" | "live";

/** USDT as a decimal string with exactly four decimals, such as `"150.0000"`. Never calculate with it as a float. */
export type Money = string;

/** ISO 8601 in UTC, to the second: `"2024-01-15T14:30:00Z"`. */
export type Timestamp = string;

/** A UUID. */
export type Id = string;

/** Your own data of an invoice. */
export type Metadata = Record<string, unknown>;

/** What a customer is asked to pay. */
export interface Invoice {
  id: Id;
  /** Your order number, or the generated one. */
  reference: string;
  assetCode: AssetCode;
  /** Your wallet: where the customer pays to. */
  payoutAddress: string;
  /** What the customer must pay, to the last digit. Show this one. */
  amountUsdtExact: Money;
  status: InvoiceStatus;
  /** Until when the customer can pay, by the time of the payment's block. */
  expiresAt: Timestamp;
  /** The hosted pay page: send the customer there. */
  paymentUrl: string;
  createdAt: Timestamp;
  /** Whether it was created with a test key. */
  isTest: boolean;
  metadata: Metadata | null;
  /** What your own pay page needs; only with `useWhiteLabel`. */
  whiteLabel?: WhiteLabel;
  /** What you asked for; `amountUsdtExact` may be slightly more, to be unique. */
  amountUsdt: Money;
  walletId: Id;
  network: Network;
  title: string | null;
  description: string | null;
  callbackUrl: string | null;
  returnUrl: string | null;
  /** The transaction that paid it; null until it is confirmed. */
  txHash: string | null;
  /** The time of the payment's block. */
  paidAt: Timestamp | null;
  cancelledAt: Timestamp | null;
  expiredAt: Timestamp | null;
  /** Null until a transfer is seen. */
  payment: Payment | null;
}

/** The transfer that pays an invoice. */
export interface Payment {
  /** The transaction, as the network's explorers print it. */
  txHash: string;
  /** The sender's address. */
  from: string;
  blockNumber: number;
  /** 1 when the payment's block is the newest. */
  confirmations: number;
  /** At how many the invoice is confirmed. */
  requiredConfirmations: number;
  /** When the gateway saw it. */
  detectedAt: Timestamp;
}

/** What your own pay page needs. */
export interface WhiteLabel {
  /** Carries the right to cancel: keep it from customers who must not. */
  cancelUrl: string;
  /** Public JSON: status and progress of the payment. */
  statusUrl: string;
  /** What the QR code holds: the address. */
  qrData: string;
  network: Network;
  networkLabel: string;
  expiresAt: Timestamp;
  title: string | null;
  description: string | null;
}

/** What an invoice is created with. */
export interface CreateInvoiceRequest {
  /**
   * Amount in USDT, 0.0001 to 1000000000, at most 4 decimal places. Give a string such as `"150.0000"`: a number that was
   * calculated (`0.1 + 0.2`) is not the one you mean, and is refused.
   */
  amountUsdt: string | number;
  /** If left out: that of `walletId`, else of the only network you have wallets on. */
  assetCode?: AssetCode | null;
  /** Your order number: 1 to 50 printable ASCII characters, unique per mode; generated if left out. */
  reference?: string | null;
  /** Where the webhook goes; else your default URL. */
  callbackUrl?: string | null;
  /** Where the customer goes after paying. */
  returnUrl?: string | null;
  /** How long the customer has to pay: 300 to 7200, default 1800. */
  expirySeconds?: number | null;
  /** Your own data, at most 16 KB of JSON; comes back as it is, in webhooks too. */
  metadata?: Metadata | null;
  /** Pay into this wallet, and only this one; else the network's default wallet. */
  walletId?: Id | null;
  /** At most 200 characters, shown on the pay page. */
  title?: string | null;
  /** At most 500 characters, shown on the pay page. */
  description?: string | null;
  /** Adds `whiteLabel` to this invoice: what your own pay page needs. */
  useWhiteLabel?: boolean | null;
}

/** Which invoices to list. Newest first. */
export interface ListInvoicesQuery {
  /** Counts from 1. */
  page?: number;
  /** How many on a page, at most 100; default 20. */
  limit?: number;
  status?: InvoiceStatus;
  assetCode?: AssetCode;
  /** The whole of it. */
  reference?: string;
  /** Created at this time, on this day (`"2024-01-15"`), or later. */
  from?: string | Date;
  /** Created up to and with this second, or day. */
  to?: string | Date;
  /** `nextCursor` of the page before: for deep paging, in place of `page`. */
  cursor?: string;
}

/** Where a page is in a list. */
export interface Pagination {
  page: number;
  limit: number;
  /** How many there are on all pages. */
  total: number;
  totalPages: number;
}

/** Where a page of invoices is. */
export interface CursorPagination extends Pagination {
  /** Gets the next page; null on the last one. */
  nextCursor: string | null;
}

/** A page of invoices as the API gives it. */
export interface InvoiceList {
  data: Invoice[];
  pagination: CursorPagination;
}

/** Your account, in the mode of the key. */
export interface Account {
  id: Id;
  name: string;
  email: string | null;
  status: "active" | "suspended";
  createdAt: Timestamp;
  mode: Mode;
  wallets: Wallet[];
  statistics: AccountStatistics;
  networks: NetworkState[];
}

/** Where you are paid on a network. */
export interface Wallet {
  id: Id;
  network: Network;
  assetCode: AssetCode;
  address: string;
  label: string | null;
  /** Used where an invoice names no `walletId`. */
  isDefault: boolean;
  createdAt: Timestamp;
}

/** How many invoices have each status. */
export interface InvoiceCounts {
  pending: number;
  confirmed: number;
  expired: number;
  cancelled: number;
}

export interface Statistics {
  /** Invoices of any status. */
  total: number;
  byStatus: InvoiceCounts;
  /** Sum of the exact amounts of confirmed invoices. */
  confirmedVolumeUsdt: Money;
}

/** Of all time, and of invoices created lately. */
export interface AccountStatistics extends Statistics {
  last24Hours: Statistics;
  last30Days: Statistics;
}

/** How scanning of a network stands. */
export interface NetworkState {
  network: Network;
  label: string;
  assetCode: AssetCode;
  status: "off" | "starting" | "ok" | "behind" | "failing";
  /** Scanning keeps up with the network. */
  healthy: boolean;
  blocksBehind: number | null;
  /** Age of the newest block that was scanned. */
  secondsBehind: number | null;
}

/** Which of your API requests to list. Newest first, kept for 30 days. */
export interface ListApiLogsQuery {
  /** Counts from 1. */
  page?: number;
  /** How many on a page, at most 100; default 50. */
  limit?: number;
}

/** One request to the API. */
export interface ApiLog {
  id: Id;
  method: string;
  /** With the query. */
  path: string;
  statusCode: number;
  durationMs: number;
  ip: string | null;
  userAgent: string | null;
  /** The `X-Request-Id` of the response. */
  requestId: string;
  /** At most 8 KB, secrets masked. */
  requestBody: string | null;
  /** At most 8 KB, secrets masked. */
  responseBody: string | null;
  /** The error's code; null for a success. */
  errorCode: string | null;
  createdAt: Timestamp;
}

/** A page of API requests as the API gives it. */
export interface ApiLogList {
  data: ApiLog[];
  pagination: Pagination;
}

/**
 * `exact`: the amount asked for. `underpaid` and `overpaid`: a tenth less or more, which pays nothing. `late`: after the
 * invoice has expired. `duplicate`: the amount twice. `reorged`: seen, then gone with its block.
 */
export type Scenario = "exact" | "underpaid" | "overpaid" | "late" | "duplicate" | "reorged";

export interface SimulatePaymentRequest {
  invoiceId: Id;
  /** When the transfer is made, counted from now: 0 to 3600, default 0. */
  delaySeconds?: number | null;
  /** Default `exact`. */
  scenario?: Scenario | null;
}

/** A simulated payment. */
export interface Simulation {
  id: Id;
  scenario: Scenario;
  status: "sent" | "scheduled";
  /** When the transfer is made. */
  dueAt: Timestamp;
  invoice: Invoice;
}

export interface TriggerExpiryRequest {
  invoiceId: Id;
}

export interface TestWebhookRequest {
  /** Send there; else to the invoice's `callbackUrl`, else to your default URL. */
  url?: string | null;
  /** Send this invoice's data; else an example's. */
  invoiceId?: Id | null;
}

/** What a test webhook was and what came of it. */
export interface TestWebhookResult {
  url: string;
  request: SentWebhook;
  response: WebhookAnswer;
}

/** What was sent. */
export interface SentWebhook {
  headers: Record<string, string>;
  body: string;
}

/** What came back. */
export interface WebhookAnswer {
  /** Whether it would count as delivered: a 2xx in time. */
  delivered: boolean;
  /** Null where no answer came. */
  statusCode: number | null;
  /** The first 2 KB. */
  body: string | null;
  durationMs: number;
  /** Why no answer came. */
  error: string | null;
}

/** What every webhook carries. */
export interface WebhookEventBase {
  /** Your order number, or the generated one. */
  invoice_reference: string;
  merchant_id: Id;
  asset_code: AssetCode;
  payout_address: string;
  amount_usdt_exact: Money;
  metadata: Metadata | null;
  /** The same on every delivery of this event: remember it, to act once. */
  event_id: Id;
  invoice_id: Id;
  /** Sent for an invoice of a test key: do not ship goods for it. */
  is_test: boolean;
  /** When it happened. */
  created_at: Timestamp;
}

/** The invoice is paid: hand out the goods, once. */
export interface InvoiceConfirmedEvent extends WebhookEventBase {
  type: "invoice.confirmed";
  status: "confirmed";
  /** The transaction that paid. */
  tx_hash: string;
  /** The time of the payment's block. */
  paid_at: Timestamp;
  /** Who decided that it is paid: the chain, or you, by accepting an unmatched transfer. */
  resolution: "automatic" | "manual";
}

/** Nobody paid in time. */
export interface InvoiceExpiredEvent extends WebhookEventBase {
  type: "invoice.expired";
  status: "expired";
  tx_hash: null;
  paid_at: null;
  resolution: null;
}

/** It was cancelled before anybody paid. */
export interface InvoiceCancelledEvent extends WebhookEventBase {
  type: "invoice.cancelled";
  status: "cancelled";
  tx_hash: null;
  paid_at: null;
  resolution: null;
}

/** A verified webhook: branch on `type`. There may be new types one day: answer 2xx to what you do not know. */
export type WebhookEvent = InvoiceConfirmedEvent | InvoiceExpiredEvent | InvoiceCancelledEvent;

/** One problem of the input. */
export interface ErrorDetail {
  /** The field; empty for the body as a whole. */
  path: string;
  message: string;
}
