import { STATUS_CODES } from "node:http";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { ERROR_STATUS, STATUS_TEXT } from "@/lib/errors";
import { ENDPOINTS } from "./endpoints";
import { DELIVERY_HEADERS_EXAMPLE, ERROR_MESSAGES, EXAMPLES, WEBHOOK_EXAMPLE } from "./examples";
import { createApi } from "./handle";
import { parseJson } from "./json";
import { errorsOf, openApiDocument } from "./openapi";
import { errorSchema, webhookEventSchema } from "./schemas";
import { serveWeb } from "./web";

/**
 * The OpenAPI document: that it says what the API does, and that code can be generated from it. Real answers are held against
 * it in openapi.integration.test.ts; schemathesis goes further (e2e/fuzz).
 */

type Json = Record<string, unknown>;
type Operation = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; schema: Json; description?: string }[];
  requestBody?: { content: Record<string, { schema: { $ref: string }; example: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, Json>; headers?: Json; links?: Json }>;
};

const document = openApiDocument(ENDPOINTS) as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; headers: Json };
  tags: { name: string }[];
  servers: { url: string }[];
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const operationOf = (name: string) => {
  const found = operations.find(({ operation }) => operation.operationId === name);
  if (!found) throw new Error(`no operation ${name}`);
  return found.operation;
};

/** Every object in the document, with the way to it. */
function* walk(value: unknown, at = "#"): Generator<{ at: string; node: Json }> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { at, node: value as Json };
  for (const [key, entry] of Object.entries(value)) {
    // What stands in an example is data.
    if (!["example", "examples", "default", "enum"].includes(key)) yield* walk(entry, `${at}/${key}`);
  }
}
const nodes = [...walk(document)];
const resolve = (ref: string) =>
  ref
    .slice(2)
    .split("/")
    .reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);

describe("the document", () => {
  it("has exactly one operation for every route, and itself", () => {
    const routes = ENDPOINTS.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(documented.sort()).toEqual([...routes, "GET /openapi.json"].sort());
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it("is what the API answers with, without a key", async () => {
    const api = serveWeb(createApi(ENDPOINTS, () => openApiDocument(ENDPOINTS)));
    const response = await api(new Request("http://gateway.test/api/v1/openapi.json"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    for (const name of ["x-request-id", "ratelimit", "ratelimit-policy"])
      expect(response.headers.get(name)).toBeTruthy();
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it("is OpenAPI 3.1 with a server, and a summary, a description and a known tag for every operation", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers[0]?.url).toMatch(/^https?:\/\/.+\/api\/v1$/);
    const tags = document.tags.map(({ name }) => name);
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary.length).toBeGreaterThan(5);
      expect(operation.description.length).toBeGreaterThan(10);
      expect(tags).toEqual(expect.arrayContaining(operation.tags));
      expect(operation.tags).toHaveLength(1);
    }
  });
});

describe("for code generators", () => {
  it("every reference leads somewhere, and nothing refers to itself", () => {
    const refs = nodes.flatMap(({ at, node }) => (typeof node.$ref === "string" ? [{ at, ref: node.$ref }] : []));
    expect(refs.length).toBeGreaterThan(20);
    for (const { at, ref } of refs) {
      expect(ref, at).toMatch(/^#\/components\/(schemas|headers)\/[\w-]+$/);
      expect(resolve(ref), `${at} → ${ref}`).toBeDefined();
      expect(ref).not.toBe(at);
    }
    const used = new Set(refs.map(({ ref }) => ref));
    const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(schemas.filter((ref) => !used.has(ref))).toEqual([]);
  });

  it("there are no allOf, $defs, $schema, id, empty schemas or closed answers", () => {
    for (const { at, node } of nodes) {
      for (const key of ["allOf", "$defs", "$schema", "not", "const", "nullable"])
        expect(Object.keys(node), at).not.toContain(key);
      if ("schema" in node) expect(Object.keys(node.schema as Json).length, at).toBeGreaterThan(0);
      expect(node.additionalProperties, at).not.toBe(false);
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(schema.type, name).toBe("object");
      expect(schema.id, name).toBeUndefined();
    }
  });

  it("every property of every schema has a type, and null is a type like others", () => {
    for (const { at, node } of nodes) {
      if (node.properties === undefined || at.includes("/properties/properties")) continue;
      for (const [name, property] of Object.entries(node.properties as Record<string, Json>)) {
        const where = `${at}/${name}`;
        expect("type" in property || "$ref" in property || "anyOf" in property || "oneOf" in property, where).toBe(
          true,
        );
        const union = property.anyOf as Json[] | undefined;
        if (union)
          expect(
            union.map((entry) => ("$ref" in entry ? "$ref" : entry.type)),
            where,
          ).toEqual(["$ref", "null"]);
        const types = [property.type].flat();
        if (types.includes("null") && property.enum) expect(property.enum, where).toContain(null);
        expect(Math.abs(Number(property.maximum ?? 0)), where).toBeLessThan(Number.MAX_SAFE_INTEGER);
      }
    }
  });

  it("every body is a named component, with an example", () => {
    for (const { operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const content = response.content?.["application/json"] as { schema: Json; example?: unknown; examples?: Json };
        if (operation.operationId === "getOpenApiDocument" && status === "200") continue;
        expect(content.schema.$ref, `${operation.operationId} ${status}`).toMatch(/^#\/components\/schemas\//);
        expect(content.example ?? content.examples).toBeDefined();
      }
      for (const { schema, example } of Object.values(operation.requestBody?.content ?? {})) {
        expect(schema.$ref).toMatch(/^#\/components\/schemas\/\w+Request$/);
        expect(example).toBeDefined();
      }
    }
  });
});

describe("what it says of requests", () => {
  it("limits are those that are kept", () => {
    const body = document.components.schemas.CreateInvoiceRequest as {
      properties: Record<string, Json>;
      required: string[];
    };
    expect(body.required).toEqual(["amountUsdt"]);
    expect(body.properties).toMatchObject({
      amountUsdt: { oneOf: [{ type: "number", minimum: 0.0001, maximum: 1e9 }, { type: "string" }] },
      assetCode: { type: ["string", "null"], enum: ["USDT_TRC20", "USDT_ERC20", "USDT_BSC", null] },
      reference: { minLength: 1, maxLength: 50, pattern: "^[ -~]{1,50}$" },
      callbackUrl: { format: "uri", maxLength: 500 },
      returnUrl: { format: "uri", maxLength: 500 },
      expirySeconds: { type: ["integer", "null"], minimum: 300, maximum: 7200 },
      metadata: { type: ["object", "null"], additionalProperties: true },
      walletId: { format: "uuid" },
      title: { maxLength: 200 },
      description: { maxLength: 500 },
      useWhiteLabel: { type: ["boolean", "null"], default: false },
    });
    expect(document.components.schemas.SimulatePaymentRequest).toMatchObject({
      required: ["invoiceId"],
      properties: { delaySeconds: { minimum: 0, maximum: 3600, default: 0 }, scenario: { default: "exact" } },
    });
  });

  it.each([
    ["listInvoices", 20, ["page", "limit", "status", "assetCode", "reference", "from", "to", "cursor"]],
    ["listApiLogs", 50, ["page", "limit"]],
  ])("the query of %s, with its defaults", (name, limit, names) => {
    const parameters = operationOf(name).parameters ?? [];
    expect(parameters.map((parameter) => parameter.name)).toEqual(names);
    expect(parameters.every((parameter) => parameter.in === "query" && !parameter.required)).toBe(true);
    expect(parameters[0]?.schema).toEqual({ type: "integer", minimum: 1, maximum: 1_000_000, default: 1 });
    expect(parameters[1]?.schema).toEqual({ type: "integer", minimum: 1, maximum: 100, default: limit });
  });

  it("path parameters are those of the path, and Idempotency-Key stands where it is taken", () => {
    for (const { path, operation } of operations) {
      const parameters = operation.parameters ?? [];
      const inPath = parameters.filter((parameter) => parameter.in === "path");
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
    const takers = operations.filter(({ operation }) =>
      operation.parameters?.some(({ name }) => name === "Idempotency-Key"),
    );
    expect(takers.map(({ operation }) => operation.operationId)).toEqual(["createInvoice"]);
  });
});

/** A schema that refuses what it does not name: an example must not show a field that is not documented. */
const isExactly = (schema: z.ZodType, value: unknown) => expect(schema.parse(value)).toEqual(value);

describe("examples", () => {
  it.each(ENDPOINTS.map((endpoint) => [endpoint.name, endpoint] as const))(
    "of %s are what its schemas take and give",
    (name, endpoint) => {
      const example = EXAMPLES[name];
      if (!example) throw new Error("no example");
      isExactly(endpoint.response, example.response);
      expect(Boolean(endpoint.body)).toBe("request" in example);
      if (endpoint.body) {
        const body = parseJson(JSON.stringify(example.request), endpoint.exact ?? [])?.value;
        expect(Object.keys(endpoint.body.parse(body) as object)).toEqual(Object.keys(example.request as object));
      }
    },
  );

  it("of errors have the contract's form, their own status and its text", () => {
    for (const { operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const { examples = {} } = (response.content?.["application/json"] ?? {}) as {
          examples?: Record<string, { value: Json }>;
        };
        for (const [code, { value }] of Object.entries(examples)) {
          isExactly(errorSchema, value);
          expect(value).toMatchObject({ code, statusCode: Number(status), error: STATUS_TEXT[Number(status)] });
        }
      }
    }
    expect(Object.keys(ERROR_MESSAGES)).toEqual(Object.keys(ERROR_STATUS));
  });

  it("of the webhook has the documented fields in their order", () => {
    isExactly(webhookEventSchema, WEBHOOK_EXAMPLE);
    expect(Object.keys(WEBHOOK_EXAMPLE).slice(0, 9)).toEqual(
      "invoice_reference merchant_id status asset_code payout_address amount_usdt_exact tx_hash metadata paid_at".split(
        " ",
      ),
    );
    const parameters = document.webhooks.invoiceEvent?.post?.parameters ?? [];
    expect(parameters.map(({ name }) => name)).toEqual(Object.keys(DELIVERY_HEADERS_EXAMPLE));
  });
});

describe("answers", () => {
  it("error is the text that stands on the status line", () => {
    for (const status of Object.values(ERROR_STATUS)) expect(STATUS_TEXT[status]).toBe(STATUS_CODES[status]);
  });

  it.each(ENDPOINTS.map((endpoint) => [endpoint.name, endpoint] as const))(
    "of %s: every error it can end in is documented under its status, with the headers that come with it",
    (name, endpoint) => {
      const { responses } = operationOf(name);
      const documented = Object.values(responses).flatMap((response) =>
        Object.keys((response.content?.["application/json"]?.examples as Json | undefined) ?? {}),
      );
      expect(documented.sort()).toEqual([...errorsOf(endpoint)].sort());
      for (const [status, { headers = {} }] of Object.entries(responses)) {
        const names = Object.keys(headers);
        expect(names).toEqual(expect.arrayContaining(["X-Request-Id", "RateLimit", "RateLimit-Policy"]));
        if (status === "429" || status === "503") expect(names).toContain("Retry-After");
        if (status === "401") expect(names).toContain("WWW-Authenticate");
      }
    },
  );
});
