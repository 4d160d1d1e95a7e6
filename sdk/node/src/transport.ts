import {
  apiError,
  ConnectionError,
  type ErrorFacts,
  TimeoutError,
  UnexpectedResponseError,
  UsdtGatewayError,
} from "./errors.js";
import { checkRetries, checkTimeout, type Fetch, type RequestOptions } from "./options.js";
import { parseRetryAfter, retryDelayMs, sleep } from "./retry.js";
import type { ErrorDetail } from "./types.js";
import { VERSION } from "./version.js";

/** One call of the API. */
export interface Call {
  method: "GET" | "POST";
  /** Under /api/v1, its segments encoded. */
  path: string;
  query?: Record<string, string | number | Date | null | undefined>;
  body?: unknown;
  idempotencyKey?: string;
  /** Whether doing it twice is the same as doing it once. Reading always is. */
  repeatable: boolean;
}

export interface TransportOptions {
  apiUrl: string;
  timeoutMs: number;
  maxRetries: number;
  fetch: Fetch | undefined;
}

type Prepared = { url: string; init: RequestInit; timeoutMs: number; signal: AbortSignal | undefined };

/** Makes requests, and makes them again where that is safe. */
export class Transport {
  // Private to the language too: neither console.log nor JSON.stringify shows it.
  readonly #apiKey: string;
  readonly #options: TransportOptions;

  constructor(apiKey: string, options: TransportOptions) {
    this.#apiKey = apiKey;
    this.#options = options;
  }

  /** @throws {UsdtGatewayError}, or the reason of the caller's signal. */
  async request<T>(call: Call, options: RequestOptions = {}): Promise<T> {
    const maxRetries = checkRetries(options.maxRetries ?? this.#options.maxRetries);
    const request: Prepared = {
      url: this.#options.apiUrl + call.path + queryOf(call.query),
      // Made once: every retry of a call with an idempotency key must be the same, byte by byte.
      init: this.#init(call),
      timeoutMs: checkTimeout(options.timeoutMs ?? this.#options.timeoutMs),
      signal: options.signal,
    };
    for (let attempts = 1; ; attempts++) {
      try {
        return (await this.#attempt(request, { attempts, idempotencyKey: call.idempotencyKey })) as T;
      } catch (error) {
        if (!(error instanceof UsdtGatewayError) || attempts > maxRetries) throw error;
        const delayMs = retryDelayMs(error, attempts, call.repeatable);
        if (delayMs === null) throw error;
        await sleep(delayMs, options.signal);
      }
    }
  }

  #init({ method, body, idempotencyKey }: Call): RequestInit {
    return {
      method,
      headers: {
        Authorization: `Bearer ${this.#apiKey}`,
        Accept: "application/json",
        "User-Agent": `usdt-gateway-node/${VERSION}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A key is not carried to another place, and a POST does not become a GET.
      redirect: "manual",
      // Frameworks that cache what fetch brings would show a paid invoice as pending.
      cache: "no-store",
    };
  }

  async #attempt({ url, init, timeoutMs, signal }: Prepared, facts: Pick<ErrorFacts, "attempts" | "idempotencyKey">) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await (this.#options.fetch ?? globalThis.fetch)(url, { ...init, signal: controller.signal });
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      if (timedOut) throw timeout(url, timeoutMs, facts);
      throw this.#connectionError(url, cause, facts);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
    return readAnswer(url, response, text, facts);
  }

  /** What fetch threw may carry the request, and so the key: only its words are kept, and the key is cut out of them. */
  #connectionError(
    url: string,
    thrown: unknown,
    facts: Pick<ErrorFacts, "attempts" | "idempotencyKey">,
  ): ConnectionError {
    const error = (thrown ?? {}) as {
      message?: unknown;
      code?: unknown;
      cause?: { message?: unknown; code?: unknown };
    };
    const clean = (text: unknown) => String(text ?? "").replaceAll(this.#apiKey, "[API key]");
    const code = clean(error.cause?.code ?? error.code) || "connection_failed";
    const words = [error.message, error.cause?.message].filter(Boolean).map(clean).join(": ");
    return new ConnectionError(
      `No answer from ${new URL(url).origin}: ${words || code}. ${connectionCure(code)}${unclear(facts)}`,
      {
        ...facts,
        code,
        cause: Object.assign(new Error(words), { code }),
      },
    );
  }
}

function queryOf(query: Call["query"] = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === null ? [] : [[name, value instanceof Date ? value.toISOString() : String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function timeout(url: string, timeoutMs: number, facts: Pick<ErrorFacts, "attempts" | "idempotencyKey">): TimeoutError {
  return new TimeoutError(
    `No answer from ${new URL(url).origin} within ${timeoutMs} ms. Raise timeoutMs, or look at the gateway's /api/health.${unclear(facts)}`,
    { ...facts, code: "timeout" },
  );
}

/** A creating call whose answer was lost. */
const unclear = ({ idempotencyKey }: Pick<ErrorFacts, "idempotencyKey">) =>
  idempotencyKey === undefined
    ? ""
    : " The invoice may have been created: call again with this error's idempotencyKey and you get that one, never a second.";

function connectionCure(code: string): string {
  if (code === "ECONNREFUSED") return "Nothing listens there: is the gateway running, and baseUrl right?";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "The host's name was not found: is baseUrl right?";
  if (/CERT|SIGNATURE|SSL|TLS/.test(code)) return "Its certificate is not trusted: check it, or baseUrl.";
  return "Check the network between here and the gateway.";
}

/** The parsed body of a success. @throws {UsdtGatewayError} for everything else. */
function readAnswer(
  url: string,
  response: Response,
  text: string,
  facts: Pick<ErrorFacts, "attempts" | "idempotencyKey">,
): unknown {
  const { status: statusCode, headers } = response;
  const body = parse(text);
  const requestId = headers.get("x-request-id") ?? undefined;
  const retryAfterSeconds = parseRetryAfter(headers.get("retry-after"));
  const known = { ...facts, statusCode, requestId, retryAfterSeconds };
  if (statusCode >= 200 && statusCode < 300 && body) return body;

  if (statusCode >= 400 && typeof body?.code === "string" && typeof body.message === "string") {
    throw apiError(body.message, {
      ...known,
      code: body.code,
      requestId: typeof body.requestId === "string" ? body.requestId : requestId,
      details: Array.isArray(body.details) ? (body.details as ErrorDetail[]) : [],
      ...(typeof body.invoiceId === "string" ? { invoiceId: body.invoiceId } : {}),
    });
  }
  const { origin } = new URL(url);
  // Something between here and the gateway: a proxy that cannot reach it, or limits requests itself.
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500) {
    throw apiError(`${origin} answered with HTTP ${statusCode}, and not in the gateway's own words.${unclear(facts)}`, {
      ...known,
      code: statusCode === 429 ? "rate_limited" : statusCode === 408 ? "timeout" : "unavailable",
    });
  }
  const location = statusCode >= 300 && statusCode < 400 ? headers.get("location") : null;
  throw new UnexpectedResponseError(
    location
      ? `${origin} redirects to ${location}. Give the address behind the redirect as baseUrl.`
      : `${origin} answered with HTTP ${statusCode} and not as a gateway does. Is baseUrl the URL of your gateway?`,
    { ...known, code: "unexpected_response" },
  );
}

/** Null where it is no JSON object. */
function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
