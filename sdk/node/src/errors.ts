import type { ErrorDetail, Invoice } from "./types.js";

/** What is known of a failure beside its message. */
export interface ErrorFacts {
  code: string;
  statusCode?: number;
  requestId?: string;
  details?: ErrorDetail[];
  retryAfterSeconds?: number;
  invoiceId?: string;
  idempotencyKey?: string;
  attempts?: number;
  cause?: unknown;
}

/**
 * Everything the SDK throws, but for the reason of your own AbortSignal. The message says what to do. Branch on the class, or on
 * `code`, which is stable. No error carries the API key.
 */
export class UsdtGatewayError extends Error {
  override name = "UsdtGatewayError";
  /** Stable and machine-readable: the API's code, or the SDK's own. */
  readonly code: string;
  /** The HTTP status, where an answer came. */
  readonly statusCode: number | undefined;
  /** Names the request in the gateway's logs. */
  readonly requestId: string | undefined;
  /** Every problem of the input, where the API names them. */
  readonly details: ErrorDetail[];
  /** When the gateway says to try again, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The key of the create call that failed: call again with it, and no second invoice can come of it. */
  readonly idempotencyKey: string | undefined;
  /** How many requests were made. */
  readonly attempts: number | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.statusCode = facts.statusCode;
    this.requestId = facts.requestId;
    this.details = facts.details ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.idempotencyKey = facts.idempotencyKey;
    this.attempts = facts.attempts;
  }
}

/** The client or a call was given something it cannot work with. Nothing was sent. */
export class ConfigurationError extends UsdtGatewayError {
  override name = "ConfigurationError";
}

/** No answer came: the network failed, or the gateway is not there. What was asked for may have happened or not. */
export class ConnectionError extends UsdtGatewayError {
  override name = "ConnectionError";
}

/** No answer came within `timeoutMs`. What was asked for may have happened or not. */
export class TimeoutError extends ConnectionError {
  override name = "TimeoutError";
}

/** The answer is not one of a gateway: most likely `baseUrl` is wrong. */
export class UnexpectedResponseError extends UsdtGatewayError {
  override name = "UnexpectedResponseError";
}

/** 400, 413, 415: the request is wrong; `details` says where. */
export class InvalidRequestError extends UsdtGatewayError {
  override name = "InvalidRequestError";
}

/** 401: the API key is not valid. */
export class AuthenticationError extends UsdtGatewayError {
  override name = "AuthenticationError";
}

/** 403: the account is suspended, or a live key was used in the sandbox. */
export class PermissionError extends UsdtGatewayError {
  override name = "PermissionError";
}

/** 404: not there, or another account's, or the other mode's. */
export class NotFoundError extends UsdtGatewayError {
  override name = "NotFoundError";
}

/** 409. */
export class ConflictError extends UsdtGatewayError {
  override name = "ConflictError";
}

/** 409: another of your invoices has this reference. */
export class DuplicateReferenceError extends ConflictError {
  override name = "DuplicateReferenceError";
  /** The invoice that has it. */
  readonly invoiceId: string | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts);
    this.invoiceId = facts.invoiceId;
  }
}

/** 409: every amount near the one asked for is taken by another open invoice. */
export class AmountUnavailableError extends ConflictError {
  override name = "AmountUnavailableError";
}

/** 409 or 422: the idempotency key is in use, or was used for another request. */
export class IdempotencyError extends ConflictError {
  override name = "IdempotencyError";
}

/** 429: too many requests. */
export class RateLimitError extends UsdtGatewayError {
  override name = "RateLimitError";
}

/** 5xx: the gateway failed. What was asked for may have happened or not. */
export class ServerError extends UsdtGatewayError {
  override name = "ServerError";
}

/** An invoice came back with an address that is not in `payoutAddresses`. */
export class PayoutAddressError extends UsdtGatewayError {
  override name = "PayoutAddressError";

  constructor(
    message: string,
    /** The address that is not yours. */
    readonly payoutAddress: string,
    /** The invoice's id. */
    readonly invoiceId: string,
  ) {
    super(message, { code: "payout_address_unknown" });
  }
}

/** `waitFor` waited long enough, and the invoice is still pending. */
export class WaitTimeoutError extends UsdtGatewayError {
  override name = "WaitTimeoutError";

  constructor(
    message: string,
    /** The invoice as it was seen last. */
    readonly invoice: Invoice,
  ) {
    super(message, { code: "wait_timeout" });
  }
}

/** Why a webhook was not believed. */
export type WebhookErrorCode =
  | "secret_missing"
  | "secret_invalid"
  | "body_missing"
  | "body_parsed"
  | "body_changed"
  | "headers_missing"
  | "headers_invalid"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "signature_mismatch";

/** The webhook is not genuine, or it was read in a way that cannot be verified. Answer 400 and do nothing. */
export class WebhookVerificationError extends UsdtGatewayError {
  override name = "WebhookVerificationError";
  declare readonly code: WebhookErrorCode;

  constructor(code: WebhookErrorCode, message: string) {
    super(message, { code });
  }
}

/** What to do, where the API's message does not say it already. */
const CURES: Record<string, string> = {
  unauthenticated: "Check that the key was copied whole, belongs to the gateway at baseUrl and was not replaced.",
  not_found: "Test keys and live keys do not see each other's invoices: check that this key's mode is the right one.",
  duplicate_reference: "If it is the same order, read that invoice; else choose another reference.",
  amount_unavailable: "Or let amounts differ by more, or add another wallet, in the dashboard.",
  idempotency_mismatch: "Leave idempotencyKey out and the SDK makes one for every call.",
  rate_limited: "The SDK waits and tries again by itself: raise maxRetries, or ask less often.",
  internal: "If it stays, name the requestId to the operator of the gateway.",
  network_unavailable: "account.retrieve() tells which networks are watched.",
};

type ErrorClass = new (message: string, facts: ErrorFacts) => UsdtGatewayError;

const BY_CODE: Record<string, ErrorClass> = {
  duplicate_reference: DuplicateReferenceError,
  amount_unavailable: AmountUnavailableError,
  idempotency_in_flight: IdempotencyError,
  idempotency_mismatch: IdempotencyError,
};

const BY_STATUS: Record<number, ErrorClass> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  429: RateLimitError,
};

/** The error of an answer of the API. @param message the API's own. */
export function apiError(message: string, facts: ErrorFacts & { statusCode: number }): UsdtGatewayError {
  const { code, statusCode, requestId, details = [] } = facts;
  const Class = BY_CODE[code] ?? BY_STATUS[statusCode] ?? (statusCode >= 500 ? ServerError : InvalidRequestError);
  // The first problem is the message already.
  const others = details.slice(1).map((detail) => `${detail.path}: ${detail.message}`);
  const sentences = [message, ...others, CURES[code] ?? ""].filter(Boolean).map(sentence);
  const where = [code, `HTTP ${statusCode}`, ...(requestId ? [`request ${requestId}`] : [])].join(", ");
  return new Class(`${sentences.join(" ")} (${where})`, facts);
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
