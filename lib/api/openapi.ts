import { z } from "zod";
import { env } from "@/lib/env";
import { ERROR_STATUS, type ErrorCode, STATUS_TEXT } from "@/lib/errors";
import type { Endpoint } from "./endpoint";
import { EXAMPLES } from "./examples";
import { LIMITS, WINDOW_SECONDS } from "./rate-limit";
import { errorSchema } from "./schemas";

/**
 * The OpenAPI 3.1 document of the API, made from the schemas that validate requests: what is not in an endpoint's definition
 * is not in the document, and the other way round.
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
  component(errorSchema, schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "USDT Gateway API",
      version: "1.0.0",
      description:
        "Be paid in USDT on Tron, Ethereum and BNB Smart Chain, straight into your own wallet. Test keys (test_…) and live keys (live_…) see separate worlds.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: `${env().appUrl}/api/v1` }],
    security: [{ apiKey: [] }],
    tags: [
      { name: "Invoices", description: "What customers are asked to pay." },
      { name: "Account", description: "Your account, its statistics and its requests." },
      { name: "Sandbox", description: "Payments without a chain, for test keys." },
    ],
    paths,
    components: {
      schemas,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "Your API key: test_… or live_…" },
      },
    },
  };
}

/** The JSON Schema of a zod schema; what has an id stands among the components and is referred to. */
function component(schema: z.ZodType, schemas: Json, io: "input" | "output" = "output"): Json {
  const {
    $schema: _dialect,
    $defs,
    ...json
  } = z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    unrepresentable: "any",
    reused: "inline",
  }) as Json & { $defs?: Json };
  for (const [name, definition] of Object.entries($defs ?? {})) schemas[name] = toRefs(definition);
  const id = schema.meta()?.id;
  if (!id) return toRefs(json) as Json;
  schemas[id] = toRefs(json);
  return { $ref: `#/components/schemas/${id}` };
}

/** `#/$defs/Name` → `#/components/schemas/Name`; the ids themselves are left out. */
function toRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toRefs);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, entry]) => {
    if (key === "id" && typeof entry === "string") return [];
    if (key === "$ref" && typeof entry === "string") return [[key, entry.replace("#/$defs/", "#/components/schemas/")]];
    return [[key, toRefs(entry)]];
  });
  return Object.fromEntries(entries);
}

function operation(endpoint: Endpoint, schemas: Json): Json {
  const example = EXAMPLES[endpoint.name];
  const status = String(endpoint.status);
  return {
    operationId: endpoint.name,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: `${endpoint.description}\n\nAt most ${LIMITS[endpoint.limit]} requests in ${WINDOW_SECONDS} seconds.`,
    parameters: [
      ...parameters(endpoint.params, "path"),
      ...parameters(endpoint.query, "query"),
      ...(endpoint.idempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: {
              "application/json": { schema: component(endpoint.body, schemas, "input"), example: example?.request },
            },
          },
        }
      : {}),
    responses: {
      [status]: {
        description: endpoint.status === 201 ? "Created" : "OK",
        headers: endpoint.idempotent ? { ...HEADERS, "Idempotency-Replayed": REPLAYED } : HEADERS,
        content: { "application/json": { schema: component(endpoint.response, schemas), example: example?.response } },
      },
      ...errorResponses(errorsOf(endpoint)),
    },
  };
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description ? { description } : {}),
    schema: property,
  }));
}

function errorResponses(codes: ErrorCode[]): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = ERROR_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, ofStatus]) => [
        String(status),
        {
          description: `${STATUS_TEXT[status]}: ${ofStatus.map((code) => `\`${code}\``).join(", ")}`,
          headers: status === 429 ? { ...HEADERS, "Retry-After": RETRY_AFTER } : HEADERS,
          content: {
            "application/json": {
              schema: {
                allOf: [
                  { $ref: "#/components/schemas/Error" },
                  { type: "object", properties: { statusCode: { const: status }, code: { enum: ofStatus } } },
                ],
              },
            },
          },
        },
      ]),
  );
}

const HEADERS: Json = {
  "X-Request-Id": { description: "Names this request in the logs.", schema: { type: "string" } },
  RateLimit: { description: "What is left of the limit, and for how many seconds.", schema: { type: "string" } },
  "RateLimit-Policy": { description: "The limit: q requests in w seconds.", schema: { type: "string" } },
};
const RETRY_AFTER: Json = { description: "Seconds to wait.", schema: { type: "integer" } };
const REPLAYED: Json = {
  description: "true: this is the stored answer of an earlier request.",
  schema: { type: "string" },
};
const IDEMPOTENCY_KEY: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Makes it safe to repeat the request: within 24 hours the same key and body get the stored answer, another body is refused.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x20-\\x7E]+$" },
};
