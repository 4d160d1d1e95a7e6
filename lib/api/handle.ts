import { v7 } from "uuid";
import type { z } from "zod";
import { db, isDatabaseUnavailable } from "@/db/client";
import { findIdempotentResponse, storeIdempotentResponse, tryLockIdempotencyKey } from "@/db/queries/idempotency";
import { authenticateKey } from "@/lib/api-keys/service";
import { sha256 } from "@/lib/crypto";
import { AppError, errorBody, type Problem } from "@/lib/errors";
import { log } from "@/lib/log";
import { clientIp, limitSubject } from "./client-ip";
import type { Caller, Endpoint } from "./endpoint";
import { parseJson, printJson } from "./json";
import { type LimitName, type RateDecision, rateLimiter, rateLimitHeaders } from "./rate-limit";
import { recordRequest } from "./request-log";

/**
 * The only wrapper around every endpoint: it finds the endpoint, authenticates, limits, parses, runs, prints and logs. It knows
 * no framework and no server: lib/api/web.ts and lib/api/node.ts bring it requests.
 */

/** A request, as far as the API looks at it. */
export type ApiRequest = {
  method: string;
  /** Absolute. */
  url: string;
  headers: Pick<Headers, "get">;
  /** The whole body; null where it is larger than so many bytes. */
  read: (limit: number) => Promise<Uint8Array | null>;
};

/** An answer; `body` is null where there is to be none. */
export type ApiResponse = { status: number; headers: Record<string, string>; body: string | null };

export type Api = (request: ApiRequest) => Promise<ApiResponse>;

export const API_PREFIX = "/api/v1";
const DOCUMENT_PATH = `${API_PREFIX}/openapi.json`;
/** More than any valid request has: 16 KB of metadata, written with escapes, and the other fields. */
const MAX_BODY_BYTES = 128 * 1024;
const MAX_IDEMPOTENCY_KEY = 255;

type Answer = { status: number; body: string; headers: Record<string, string>; errorCode: string | null };
/** What is known of a request so far, for its log. */
type Trace = { requestId: string; startedAt: Date; body: string | null; caller: Caller | null };
type Match = { endpoint: Endpoint; params: Record<string, string> };

/** Makes the handler of an API from its endpoints. @param describe gives its OpenAPI document, which needs no key. */
export function createApi(endpoints: readonly Endpoint[], describe: () => Record<string, unknown>): Api {
  const routes = endpoints.map((endpoint) => ({ endpoint, segments: endpoint.path.split("/").slice(1) }));

  return async (request) => {
    const trace: Trace = { requestId: v7(), startedAt: new Date(), body: null, caller: null };
    const url = new URL(request.url);
    let answer: Answer;
    try {
      answer = await respond(request, url, trace);
    } catch (error) {
      answer = failure(error, trace.requestId);
    }
    record(request, url, trace, answer);
    return {
      status: answer.status,
      headers: {
        ...(answer.status === 204 ? {} : { "Content-Type": "application/json; charset=utf-8" }),
        "Cache-Control": "no-store",
        "X-Request-Id": trace.requestId,
        ...answer.headers,
      },
      body: request.method === "HEAD" || answer.status === 204 ? null : answer.body,
    };
  };

  async function respond(request: ApiRequest, url: URL, trace: Trace): Promise<Answer> {
    if (url.pathname === DOCUMENT_PATH) return await limitedByAddress(request, trace, () => document(request));
    const matches = find(url.pathname);
    const match = matches.find(({ endpoint }) => endpoint.method === methodOf(request));
    if (match) return await serve(match, request, url, trace);
    return await limitedByAddress(request, trace, () => elsewhere(request, url, matches));
  }

  /** What needs no key: no endpoint's path, or not its method. */
  function elsewhere(request: ApiRequest, url: URL, matches: Match[]): Answer {
    if (matches.length === 0) {
      throw new AppError(
        "not_found",
        `There is nothing at ${url.pathname}. The API is described at ${API_PREFIX}/openapi.json`,
      );
    }
    const allowed = new Set(
      matches.flatMap(({ endpoint }) => (endpoint.method === "GET" ? ["GET", "HEAD"] : [endpoint.method])),
    );
    const allow = [...allowed, "OPTIONS"].join(", ");
    if (request.method === "OPTIONS") return { status: 204, body: "", headers: { Allow: allow }, errorCode: null };
    throw methodNotAllowed(allow);
  }

  function document(request: ApiRequest): Answer {
    const allow = "GET, HEAD, OPTIONS";
    if (request.method === "OPTIONS") return { status: 204, body: "", headers: { Allow: allow }, errorCode: null };
    if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed(allow);
    return { status: 200, body: JSON.stringify(describe()), headers: {}, errorCode: null };
  }

  function find(pathname: string): Match[] {
    const path = pathname.startsWith(`${API_PREFIX}/`) ? pathname.slice(API_PREFIX.length).replace(/\/$/, "") : "";
    const parts = path.split("/").slice(1).map(decode);
    if (parts.length === 0 || parts.some((part) => part === null)) return [];
    const found: Match[] = [];
    for (const { endpoint, segments } of routes) {
      if (segments.length !== parts.length) continue;
      const params: Record<string, string> = {};
      const fits = segments.every((segment, i) => {
        const part = parts[i] ?? "";
        if (!segment.startsWith(":")) return segment === part;
        params[segment.slice(1)] = part;
        return part !== "";
      });
      if (fits) found.push({ endpoint, params });
    }
    // A fixed path goes before one with parameters.
    return found.sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length);
  }
}

const methodOf = (request: ApiRequest) => (request.method === "HEAD" ? "GET" : request.method);

/** Answers within a limit per address, which the answer tells as every other does. */
async function limitedByAddress(request: ApiRequest, trace: Trace, run: () => Answer): Promise<Answer> {
  const decision = await rateLimiter().take("public", limitSubject(clientIp(request)));
  const headers = rateLimitHeaders("public", decision);
  try {
    if (!decision.allowed) throw tooMany("public", decision);
    const answer = run();
    return { ...answer, headers: { ...headers, ...answer.headers } };
  } catch (error) {
    const answer = failure(error, trace.requestId);
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }
}

const methodNotAllowed = (allow: string) =>
  new AppError("method_not_allowed", `This method is not possible here; use ${allow}`, { headers: { Allow: allow } });

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

async function serve({ endpoint, params }: Match, request: ApiRequest, url: URL, trace: Trace): Promise<Answer> {
  const caller = await authenticate(request, trace.requestId);
  trace.caller = caller;
  const decision = await rateLimiter().take(endpoint.limit, `${caller.merchant.id}/${caller.mode}`);
  const headers = rateLimitHeaders(endpoint.limit, decision);
  try {
    if (!decision.allowed) throw tooMany(endpoint.limit, decision);
    if (caller.merchant.status === "suspended") {
      throw new AppError("account_suspended", "This account is suspended. Ask the operator of this gateway");
    }
    if (endpoint.testOnly && caller.mode !== "test") {
      throw new AppError("test_key_required", "The sandbox works with test keys only: use your test_ key");
    }
    const { input, body } = await parseInput(endpoint, params, request, url, trace);
    const key = endpoint.idempotent ? idempotencyKey(request) : null;
    const answer =
      key === null
        ? success(endpoint, await endpoint.run(caller, input as never))
        : await runOnce(endpoint, caller, input, key, sha256(`${request.method} ${url.pathname}\n${contentOf(body)}`));
    return { ...answer, headers: { ...headers, ...answer.headers } };
  } catch (error) {
    const answer = failure(error, trace.requestId);
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }
}

async function authenticate(request: ApiRequest, requestId: string): Promise<Caller> {
  const header = request.headers.get("authorization") ?? "";
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
  const found = token ? await authenticateKey(token) : null;
  const ip = clientIp(request);
  if (!found) {
    const decision = await rateLimiter().take("failed_authentication", limitSubject(ip));
    const headers = rateLimitHeaders("failed_authentication", decision);
    if (!decision.allowed) throw tooMany("failed_authentication", decision);
    const message = header
      ? "The API key is not valid. Send it as: Authorization: Bearer test_… or live_…"
      : "The API key is missing. Send it as: Authorization: Bearer test_… or live_…";
    throw new AppError("unauthenticated", message, { headers: { ...headers, "WWW-Authenticate": "Bearer" } });
  }
  const { key, merchant } = found;
  return { merchant, mode: key.mode, key, requestId, ip, executor: db() };
}

function tooMany(name: LimitName, decision: RateDecision): AppError {
  const what = name === "failed_authentication" ? "Too many requests with a wrong API key" : "Too many requests";
  return new AppError(
    "rate_limited",
    `${what}: at most ${decision.limit} a minute. Try again in ${decision.resetSeconds} s`,
    {
      headers: { ...rateLimitHeaders(name, decision), "Retry-After": String(decision.resetSeconds) },
    },
  );
}

function idempotencyKey(request: ApiRequest): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (key.length >= 1 && key.length <= MAX_IDEMPOTENCY_KEY && /^[\x20-\x7e]+$/.test(key)) return key;
  const message = `Idempotency-Key must be 1 to ${MAX_IDEMPOTENCY_KEY} printable ASCII characters`;
  throw new AppError("invalid_request", message, { details: [{ path: "Idempotency-Key", message }] });
}

/**
 * Does the work and stores its answer in one transaction, so that a repeat finds both or neither. What fails is not stored:
 * a repeat tries again.
 */
async function runOnce(
  endpoint: Endpoint,
  caller: Caller,
  input: unknown,
  key: string,
  fingerprint: string,
): Promise<Answer> {
  const scope = { merchantId: caller.merchant.id, mode: caller.mode };
  return await db().transaction(async (tx) => {
    if (!(await tryLockIdempotencyKey(tx, scope, key))) {
      throw new AppError(
        "idempotency_in_flight",
        "A request with this Idempotency-Key is still being worked on. Try again shortly",
        {
          headers: { "Retry-After": "1" },
        },
      );
    }
    const stored = await findIdempotentResponse(tx, scope, key);
    if (stored && stored.fingerprint !== fingerprint) {
      throw new AppError(
        "idempotency_mismatch",
        "This Idempotency-Key was used for another request. Use a new key for a new request",
      );
    }
    if (stored) {
      return {
        status: stored.statusCode,
        body: stored.responseBody,
        headers: { "Idempotency-Replayed": "true" },
        errorCode: null,
      };
    }
    const answer = success(endpoint, await endpoint.run({ ...caller, executor: tx }, input as never));
    await storeIdempotentResponse(tx, scope, key, {
      fingerprint,
      statusCode: answer.status,
      responseBody: answer.body,
    });
    return answer;
  });
}

/** Parses everything the request brings and reports every problem at once. */
async function parseInput(
  endpoint: Endpoint,
  params: Record<string, string>,
  request: ApiRequest,
  url: URL,
  trace: Trace,
) {
  const problems: Problem[] = [];
  const parse = (schema: z.ZodType | undefined, value: unknown) => {
    if (!schema) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) problems.push({ path: issue.path.join("."), message: issue.message });
    return undefined;
  };
  const body = endpoint.body ? await readBody(request, endpoint.exact ?? [], trace) : {};
  const input = {
    params: parse(endpoint.params, params),
    query: parse(endpoint.query, Object.fromEntries(url.searchParams)),
    body: parse(endpoint.body, body),
  };
  const [first] = problems;
  if (first) throw new AppError("invalid_request", first.message, { details: problems });
  return { input, body };
}

/** What a repeat must agree in: a client that writes the same fields in another order or spacing means the same request. */
const contentOf = (body: object): string =>
  printJson(Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))));

/** Reads a JSON object. No body at all is one without fields: whether that will do is for the schema to say. */
async function readBody(request: ApiRequest, exact: readonly string[], trace: Trace): Promise<object> {
  const type = request.headers.get("content-type") ?? "";
  const text = await readText(request);
  trace.body = text;
  if (text.trim() === "") return {};
  if (!/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new AppError("unsupported_media_type", "Send the body as JSON, with Content-Type: application/json");
  }
  const parsed = parseJson(text, exact);
  if (!parsed) throw new AppError("malformed_json", "The body is not valid JSON");
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = "The body must be a JSON object";
    throw new AppError("invalid_request", message, { details: [{ path: "", message }] });
  }
  return value;
}

async function readText(request: ApiRequest): Promise<string> {
  const tooLarge = () => new AppError("body_too_large", `The body is larger than ${MAX_BODY_BYTES / 1024} KB`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const bytes = await request.read(MAX_BODY_BYTES);
  if (!bytes) throw tooLarge();
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw new AppError("malformed_json", "The body is not valid UTF-8");
  }
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

function success(endpoint: Endpoint, result: unknown): Answer {
  return { status: endpoint.status, body: printJson(result), headers: {}, errorCode: null };
}

/** Turns whatever was thrown into the contract's error. Nothing internal is told; it is logged under the request's id. */
function failure(error: unknown, requestId: string): Answer {
  const known =
    error instanceof AppError
      ? error
      : isDatabaseUnavailable(error)
        ? new AppError("unavailable", "The gateway is restarting a part of itself. Try again in a moment", {
            headers: { "Retry-After": "2" },
          })
        : new AppError("internal", "Something went wrong on our side. It was logged under this requestId");
  if (known.code === "internal" || known.code === "unavailable") log.error({ err: error, requestId }, "request failed");
  return {
    status: known.statusCode,
    body: errorBody(known, requestId),
    headers: known.extra.headers ?? {},
    errorCode: known.code,
  };
}

function record(request: ApiRequest, url: URL, trace: Trace, answer: Answer): void {
  const durationMs = Date.now() - trace.startedAt.getTime();
  const { caller, requestId } = trace;
  log.debug({ requestId, method: request.method, path: url.pathname, status: answer.status, durationMs }, "request");
  if (!caller) return;
  recordRequest({
    id: v7(),
    merchantId: caller.merchant.id,
    mode: caller.mode,
    requestId,
    method: request.method,
    path: url.pathname + url.search,
    statusCode: answer.status,
    durationMs,
    ip: caller.ip,
    userAgent: request.headers.get("user-agent"),
    requestBody: trace.body,
    responseBody: answer.body,
    errorCode: answer.errorCode,
    createdAt: trace.startedAt,
  });
}
