import { UsdtGateway } from "./gateway.js";
import { createWebhooks, type Webhooks } from "./webhooks.js";

export type { AccountResource } from "./account.js";
export {
  AmountUnavailableError,
  AuthenticationError,
  ConfigurationError,
  ConflictError,
  ConnectionError,
  DuplicateReferenceError,
  IdempotencyError,
  InvalidRequestError,
  NotFoundError,
  PayoutAddressError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  UnexpectedResponseError,
  UsdtGatewayError,
  WaitTimeoutError,
  type WebhookErrorCode,
  WebhookVerificationError,
} from "./errors.js";
export type { Invoices, WaitOptions } from "./invoices.js";
export type { CreateOptions, Fetch, RequestOptions, UsdtGatewayOptions } from "./options.js";
export type { List, Page } from "./page.js";
export type { PayoutAddressList } from "./payout-addresses.js";
export type { Sandbox } from "./sandbox.js";
export * from "./types.js";
export { VERSION } from "./version.js";
export type { VerifyOptions, WebhookHeaders, Webhooks } from "./webhooks.js";
export { UsdtGateway };
export default UsdtGateway;

/** Verifies webhooks where there is no API key: `webhooks.verify(rawBody, headers, secret)`. */
export const webhooks: Webhooks = createWebhooks(() => {});
