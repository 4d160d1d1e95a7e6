import { z } from "zod";
import { env } from "@/lib/env";
import { ERROR_STATUS, type ErrorCode, STATUS_TEXT } from "@/lib/errors";
import type { Endpoint } from "./endpoint";
import { DELIVERY_HEADERS_EXAMPLE, ERROR_MESSAGES, EXAMPLES, REQUEST_ID, WEBHOOK_EXAMPLE } from "./examples";
import { LIMITS, WINDOW_SECONDS } from "./rate-limit";
import { errorSchema, webhookEventSchema } from "./schemas";

/**
 * The OpenAPI 3.1 document of the API, made from the schemas that validate requests: what is not in an endpoint's definition
 * is not in the document, and the other way round. It is written for code generators: named components, no allOf, responses
 * that may grow, one error schema.
 */

type Json = Record<string, unknown>;

/** What every endpoint can answer with, whatever it does. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  "unauthenticated",
  "account_suspended",
  "rate_limited",
  "internal",
  "unavailable",
];
const BODY_ERRORS: readonly ErrorCode[] = [
  "invalid_request",
  "malformed_json",
  "body_too_large",
  "unsupported_media_type",
];
const IDEMPOTENCY_ERRORS: readonly ErrorCode[] = ["invalid_request", "idempotency_in_flight", "idempotency_mismatch"];
/** Errors that say when to try again. */
const RETRYABLE: readonly ErrorCode[] = ["rate_limited", "amount_unavailable", "idempotency_in_flight", "unavailable"];

/** Every error code an endpoint can answer with. */
export function errorsOf(endpoint: Endpoint): ErrorCode[] {
  return [
    ...new Set([
      ...endpoint.errors,
      ...(endpoint.body ? BODY_ERRORS : []),
      ...(endpoint.query ? (["invalid_request"] as const) : []),
      ...(endpoint.idempotent ? IDEMPOTENCY_ERRORS : []),
      ...(endpoint.testOnly ? (["test_key_required"] as const) : []),
      ...COMMON_ERRORS,
    ]),
  ];
}

export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, schemas) };
  }
  paths["/openapi.json"] = { get: DOCUMENT_OPERATION };
  component(errorSchema, schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "USDT Gateway API",
      version: "1.0.0",
      summary: "Be paid in USDT on Tron, Ethereum and BNB Smart Chain, straight into your own wallet.",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: `${env().appUrl}/api/v1` }],
    security: [{ apiKey: [] }],
    tags: [
      { name: "Invoices", description: "What customers are asked to pay." },
      { name: "Account", description: "Your account, its statistics and its requests." },
      { name: "Sandbox", description: "Payments without a chain, for test keys." },
      { name: "Document", description: "This document." },
    ],
    paths,
    webhooks: { invoiceEvent: { post: webhookOperation(schemas) } },
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b))),
      headers: HEADERS,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "Your API key: test_… or live_…" },
      },
    },
  };
}

const DESCRIPTION = `A key's mode decides which world it sees: test keys (\`test_…\`) and live keys (\`live_…\`) never see each other's invoices.

Money is a string with exactly four decimals in every answer; times are ISO 8601 in UTC, to the second; ids are UUIDs. New fields may be added to answers: ignore what you do not know. Unknown fields of requests are ignored.

Every answer carries \`X-Request-Id\`. Every error has the form of the schema Error; branch on its \`code\`.`;

/** The JSON Schema of a zod schema; what has an id stands among the components and is referred to. */
function component(schema: z.ZodType, schemas: Json, io: "input" | "output" = "output"): Json {
  const options = { io, target: "draft-2020-12", unrepresentable: "any", reused: "inline" } as const;
  const { $schema: _dialect, $defs, ...json } = z.toJSONSchema(schema, options) as Json & { $defs?: Json };
  for (const [name, definition] of Object.entries($defs ?? {})) schemas[name] = tidy(definition);
  const id = schema.meta()?.id;
  if (!id) return tidy(json) as Json;
  schemas[id] ??= tidy(json);
  return { $ref: `#/components/schemas/${id}` };
}

const SAFE = Number.MAX_SAFE_INTEGER;

/**
 * What zod writes, as a person would: references to components; `type: [x, "null"]` for what may be null; neither the bounds
 * of JavaScript's integers nor the pattern of a UUID; objects that may grow.
 */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const { id: _id, ...rest } = value as Json;
  const json: Json = {};
  for (const [key, entry] of Object.entries(rest)) {
    if (key === "properties") json[key] = mapValues(entry as Json, tidy);
    else if (key === "$ref") json[key] = String(entry).replace("#/$defs/", "#/components/schemas/");
    else if (key === "additionalProperties" && entry === false) continue;
    else if ((key === "maximum" && entry === SAFE) || (key === "minimum" && entry === -SAFE)) continue;
    else if (key === "pattern" && rest.format === "uuid") continue;
    else json[key] = tidy(entry);
  }
  return withNull(json);
}

/** `anyOf: [{ type: x, … }, { type: "null" }]` → `type: [x, "null"]`. A reference keeps its anyOf. */
function withNull(json: Json): Json {
  const { anyOf, ...outer } = json;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return json;
  const [inner, nothing] = anyOf as [Json, Json];
  if (nothing.type !== "null" || typeof inner.type !== "string") return json;
  return {
    ...inner,
    ...outer,
    type: [inner.type, "null"],
    ...(Array.isArray(inner.enum) ? { enum: [...inner.enum, null] } : {}),
  };
}

const mapValues = (object: Json, change: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function operation(endpoint: Endpoint, schemas: Json): Json {
  const example = EXAMPLES[endpoint.name];
  const limited = `At most ${LIMITS[endpoint.limit]} requests in ${WINDOW_SECONDS} seconds.`;
  const parameters = [
    ...parametersOf(endpoint.params, "path"),
    ...parametersOf(endpoint.query, "query"),
    ...(endpoint.idempotent ? [IDEMPOTENCY_KEY] : []),
  ];
  const body = endpoint.body && {
    required: !endpoint.body.safeParse({}).success,
    content: {
      "application/json": { schema: component(endpoint.body, schemas, "input"), example: example?.request },
    },
  };
  const links = LINKS[endpoint.name];
  return {
    operationId: endpoint.name,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: [endpoint.description, ...(endpoint.testOnly ? ["Test keys only."] : []), limited].join("\n\n"),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: {
      [endpoint.status]: {
        description: endpoint.status === 201 ? "Created" : "OK",
        headers: headers([...LIMITED, ...(endpoint.idempotent ? (["Idempotency-Replayed"] as const) : [])]),
        content: { "application/json": { schema: component(endpoint.response, schemas), example: example?.response } },
        ...(links ? { links } : {}),
      },
      ...errorResponses(errorsOf(endpoint)),
    },
  };
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (!schema) return [];
  const json = tidy(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })) as Json;
  const required = (json.required ?? []) as string[];
  return Object.entries((json.properties ?? {}) as Record<string, Json>).map(
    ([name, { description, ...property }]) => ({
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description ? { description } : {}),
      schema: property,
    }),
  );
}

/** One response a status, with an example for each code that it can carry. */
function errorResponses(codes: ErrorCode[]): Json {
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => ERROR_STATUS[code] === status);
      const retry = ofStatus.some((code) => RETRYABLE.includes(code));
      const names: HeaderName[] = [
        ...LIMITED,
        ...(retry ? (["Retry-After"] as const) : []),
        ...(status === 401 ? (["WWW-Authenticate"] as const) : []),
      ];
      return [
        String(status),
        {
          description: `${STATUS_TEXT[status]}: ${ofStatus.map((code) => `\`${code}\``).join(", ")}`,
          headers: headers(names),
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/Error" },
              examples: Object.fromEntries(ofStatus.map((code) => [code, { value: errorExample(code) }])),
            },
          },
        },
      ];
    }),
  );
}

function errorExample(code: ErrorCode): Json {
  const statusCode = ERROR_STATUS[code];
  const { message, ...more } = ERROR_MESSAGES[code];
  return { statusCode, message, error: STATUS_TEXT[statusCode], code, requestId: REQUEST_ID, ...more };
}

const HEADERS = {
  "X-Request-Id": { description: "Names this request in the logs.", schema: { type: "string" } },
  RateLimit: {
    description: "What is left of the limit (r), and for how many seconds (t).",
    schema: { type: "string", examples: ['"create";r=99;t=60'] },
  },
  "RateLimit-Policy": {
    description: "The limit: q requests in w seconds.",
    schema: { type: "string", examples: ['"create";q=100;w=60'] },
  },
  "Retry-After": { description: "Seconds to wait before trying again.", schema: { type: "integer", minimum: 0 } },
  "WWW-Authenticate": { description: "Bearer", schema: { type: "string" } },
  "Idempotency-Replayed": {
    description: "true: this is the stored answer of an earlier request.",
    schema: { type: "string", enum: ["true"] },
  },
} as const;
type HeaderName = keyof typeof HEADERS;
const LIMITED: readonly HeaderName[] = ["X-Request-Id", "RateLimit", "RateLimit-Policy"];
const headers = (names: readonly HeaderName[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const IDEMPOTENCY_KEY: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Makes it safe to repeat the request: within 24 hours the same key and body get the stored answer, another body is refused.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[ -~]+$" },
};

/** What can be done with a new invoice. */
const INVOICE_ID = "$response.body#/id";
const LINKS: Record<string, Json> = {
  createInvoice: {
    getInvoice: { operationId: "getInvoice", parameters: { id: INVOICE_ID } },
    getInvoiceByReference: {
      operationId: "getInvoiceByReference",
      parameters: { ref: "$response.body#/reference" },
    },
    cancelInvoice: { operationId: "cancelInvoice", parameters: { id: INVOICE_ID } },
    simulatePayment: { operationId: "simulatePayment", requestBody: { invoiceId: INVOICE_ID } },
    triggerExpiry: { operationId: "triggerExpiry", requestBody: { invoiceId: INVOICE_ID } },
  },
};

const DOCUMENT_OPERATION: Json = {
  operationId: "getOpenApiDocument",
  tags: ["Document"],
  summary: "Get this document",
  description: "OpenAPI 3.1. It needs no key.",
  security: [],
  responses: {
    200: {
      description: "OK",
      headers: headers(LIMITED),
      content: { "application/json": { schema: { type: "object", additionalProperties: true } } },
    },
    ...errorResponses(["rate_limited", "internal"]),
  },
};

function webhookOperation(schemas: Json): Json {
  return {
    operationId: "onInvoiceEvent",
    summary: "An invoice became confirmed, expired or cancelled",
    description:
      "Sent to the invoice's callbackUrl, else to your default URL. Verify it before you believe it: `X-Webhook-Signature` is the HMAC-SHA256 of the body under your webhook secret in lower-case hex; `webhook-signature` follows Standard Webhooks. It may come more than once: `X-Webhook-Id` stays the same.",
    security: [],
    parameters: Object.entries(DELIVERY_HEADERS_EXAMPLE).map(([name, example]) => ({
      name,
      in: "header",
      required: true,
      schema: { type: "string" },
      example,
    })),
    requestBody: {
      required: true,
      content: { "application/json": { schema: component(webhookEventSchema, schemas), example: WEBHOOK_EXAMPLE } },
    },
    responses: {
      "2XX": { description: "Received. Any other answer, or none within 30 seconds, is tried again." },
      410: { description: "Never try this one again." },
    },
  };
}
