/** Every error the API can answer with: one table from code to status. The code is stable; clients branch on it. */
export const ERROR_STATUS = {
  invalid_request: 400,
  malformed_json: 400,
  no_wallet: 400,
  network_unavailable: 400,
  invoice_not_cancellable: 400,
  invoice_not_pending: 400,
  transfer_not_acceptable: 400,
  no_webhook_url: 400,
  url_not_allowed: 400,
  unauthenticated: 401,
  account_suspended: 403,
  test_key_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  duplicate_reference: 409,
  amount_unavailable: 409,
  idempotency_in_flight: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_mismatch: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The HTTP status text of each status above, as Node.js writes it on the status line. */
export const STATUS_TEXT: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export type Problem = { path: string; message: string };

/** An expected failure, in words for the person who called. */
export class AppError extends Error {
  override name = "AppError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly extra: {
      /** Every problem found in the input. */
      details?: Problem[];
      /** Added to the error's body beside the fixed fields. */
      body?: Record<string, unknown>;
      headers?: Record<string, string>;
      cause?: unknown;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
  }
  get statusCode(): number {
    return ERROR_STATUS[this.code];
  }
}

/** The contract's error body. */
export function errorBody(error: AppError, requestId: string): string {
  return JSON.stringify({
    statusCode: error.statusCode,
    message: error.message,
    error: STATUS_TEXT[error.statusCode],
    code: error.code,
    requestId,
    ...(error.extra.details ? { details: error.extra.details } : {}),
    ...error.extra.body,
  });
}

/** What went wrong in one line for the operator: the words of the innermost cause, where the reason is. */
export function lineOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error) {
    const next: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause;
    if (!(next instanceof Error)) break;
    inner = next;
  }
  if (!(inner instanceof Error)) return String(inner);
  return (inner.message || inner.name).replace(/\s+/g, " ").trim();
}
