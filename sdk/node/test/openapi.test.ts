import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "@/lib/api/endpoints";
import { openApiDocument } from "@/lib/api/openapi";
import { UsdtGateway, VERSION } from "../src/index";
import { TEST_KEY } from "./script-server";

/** The SDK against the OpenAPI document: every operation has a method, every field of every schema is in its type, and no other. */

type Schema = {
  type?: string | string[];
  $ref?: string;
  enum?: (string | null)[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
};
type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean; schema: Schema }[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
  responses: Record<string, { content?: { "application/json": { schema: Schema } } }>;
};
const document = JSON.parse(JSON.stringify(openApiDocument(ENDPOINTS))) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
const operations = Object.entries(document.paths)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
  .filter(({ operation }) => operation.operationId !== "getOpenApiDocument");

const TYPES = fileURLToPath(new URL("../src/types.ts", import.meta.url));
const program = ts.createProgram([TYPES], { strict: true, target: ts.ScriptTarget.ES2022, types: [], noEmit: true });
const checker = program.getTypeChecker();
const source = program.getSourceFile(TYPES) as ts.SourceFile;
const exported = new Map(
  checker
    .getExportsOfModule(checker.getSymbolAtLocation(source) as ts.Symbol)
    .map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol)]),
);

/** What of a name's type is known to callers: each field, with its possible values and whether it can be left out. */
function fieldsOf(name: string): Record<string, string> {
  const type = exported.get(name);
  if (!type) return {};
  return Object.fromEntries(
    checker.getPropertiesOfType(type).map((property) => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const values = valuesOf(checker.getTypeOfSymbolAtLocation(property, source)).filter((v) => v !== "undefined");
      return [property.name, print(values, isOptional)];
    }),
  );
}

function valuesOf(type: ts.Type): string[] {
  if (type.isUnion() && !(type.flags & ts.TypeFlags.Boolean)) return type.types.flatMap(valuesOf);
  if (type.isStringLiteral()) return [JSON.stringify(type.value)];
  if (type.flags & ts.TypeFlags.BooleanLiteral) return ["boolean"];
  if (checker.isArrayType(type))
    return valuesOf(checker.getTypeArguments(type as ts.TypeReference)[0] as ts.Type).map((v) => `${v}[]`);
  if (checker.getIndexTypeOfType(type, ts.IndexKind.String)) return ["object"];
  return [checker.typeToString(type)];
}

/** The same of a schema of the document. */
const documented = (schema: Schema): Record<string, string> =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([field, property]) => [
      field,
      print(valuesOfSchema(property), !schema.required?.includes(field)),
    ]),
  );

function valuesOfSchema(schema: Schema): string[] {
  if (schema.$ref) return [refName(schema)];
  if (schema.anyOf || schema.oneOf) return (schema.anyOf ?? schema.oneOf ?? []).flatMap(valuesOfSchema);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.items) return valuesOfSchema(schema.items).map((value) => `${value}[]`);
  return [schema.type ?? "unknown"].flat().map((type) => (type === "integer" ? "number" : type));
}

const refName = (schema: Schema) => String(schema.$ref).replace("#/components/schemas/", "");
const print = (values: string[], isOptional: boolean) =>
  `${[...new Set(values)].sort().join(" | ")}${isOptional ? ", optional" : ""}`;

/** What the API calls Error is the class UsdtGatewayError. */
const schemas = Object.entries(document.components.schemas).filter(([name]) => name !== "Error");

describe("the types", () => {
  it("are read: this test sees fields, unions, null and what is optional", () => {
    expect(fieldsOf("Invoice")).toMatchObject({
      status: '"cancelled" | "confirmed" | "expired" | "pending"',
      paidAt: "null | string",
      whiteLabel: "WhiteLabel, optional",
      metadata: "null | object",
      isTest: "boolean",
    });
    expect(fieldsOf("CreateInvoiceRequest").amountUsdt).toBe("number | string");
    expect(schemas.length).toBeGreaterThan(20);
  });

  it.each(schemas)("%s is as documented, field by field", (name, schema) => {
    expect(fieldsOf(name)).toEqual(documented(schema));
  });

  it("of an error are as documented", () => {
    const fields = Object.keys(document.components.schemas.Error?.properties ?? {});
    // The message is the Error's own, the status text says nothing that the class does not.
    expect(fields.sort()).toEqual(
      ["code", "details", "error", "invoiceId", "message", "requestId", "statusCode"].sort(),
    );
  });
});

/** How each operation is called. */
const METHODS: Record<string, (gateway: UsdtGateway) => PromiseLike<unknown>> = {
  createInvoice: ({ invoices }) => invoices.create({ amountUsdt: "1" }),
  listInvoices: ({ invoices }) => invoices.list(),
  getInvoice: ({ invoices }) => invoices.retrieve("{id}"),
  getInvoiceByReference: ({ invoices }) => invoices.retrieveByReference("{ref}"),
  cancelInvoice: ({ invoices }) => invoices.cancel("{id}"),
  getAccount: ({ account }) => account.retrieve(),
  listApiLogs: ({ account }) => account.apiLogs(),
  simulatePayment: ({ sandbox }) => sandbox.simulatePayment({ invoiceId: "1" }),
  triggerExpiry: ({ sandbox }) => sandbox.triggerExpiry({ invoiceId: "1" }),
  testWebhook: ({ sandbox }) => sandbox.testWebhook(),
};
/** The type of each operation's query. */
const QUERIES: Record<string, string> = { listInvoices: "ListInvoicesQuery", listApiLogs: "ListApiLogsQuery" };

describe("the methods", () => {
  it("are one for every operation", () => {
    expect(Object.keys(METHODS).sort()).toEqual(operations.map(({ operation }) => operation.operationId).sort());
  });

  it.each(operations)("$operation.operationId is asked for as documented", async ({ path, method, operation }) => {
    let sent: { url: string; init: RequestInit } | undefined;
    const fetch = async (url: string, init: RequestInit = {}) => {
      sent = { url, init };
      return new Response(JSON.stringify({ data: [], pagination: { nextCursor: null }, invoice: {} }));
    };
    const gateway = new UsdtGateway(TEST_KEY, { baseUrl: "http://gateway.test", fetch });
    await METHODS[operation.operationId]?.(gateway);
    expect(sent?.init.method).toBe(method.toUpperCase());
    expect(decodeURIComponent(sent?.url ?? "")).toBe(`http://gateway.test/api/v1${path}`);
    const headers = sent?.init.headers as Record<string, string>;
    expect(headers.Authorization).toBe(`Bearer ${TEST_KEY}`);
    expect(headers["User-Agent"]).toBe(`usdt-gateway-node/${VERSION}`);
    expect("Content-Type" in headers).toBe(operation.requestBody !== undefined);
    expect(typeof sent?.init.body).toBe(operation.requestBody ? "string" : "undefined");
    const parameters = operation.parameters ?? [];
    expect("Idempotency-Key" in headers).toBe(parameters.some(({ name }) => name === "Idempotency-Key"));
    const query = parameters.filter((parameter) => parameter.in === "query");
    const properties = Object.fromEntries(query.map(({ name, schema }) => [name, schema]));
    // A Date may stand for its text.
    const fields = Object.entries(fieldsOf(QUERIES[operation.operationId] ?? ""));
    expect(Object.fromEntries(fields.map(([name, type]) => [name, type.replace("Date | ", "")]))).toEqual(
      documented({ properties, required: query.filter(({ required }) => required).map(({ name }) => name) }),
    );
  });
});

describe("the package", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const manifest = JSON.parse(read("../package.json")) as Record<string, unknown>;

  it("says its version everywhere, has the licence, and no dependency", () => {
    expect(manifest.version).toBe(VERSION);
    expect(read("../LICENSE")).toBe(read("../../../LICENSE"));
    expect(Object.keys(manifest).filter((key) => /dependencies/i.test(key))).toEqual([]);
  });

  it("imports nothing but its own files and node:crypto", () => {
    const sources = ts.sys.readDirectory(fileURLToPath(new URL("../src", import.meta.url)), [".ts"]);
    expect(sources.length).toBeGreaterThan(10);
    const imported = sources.flatMap((file) => ts.preProcessFile(ts.sys.readFile(file) ?? "").importedFiles);
    const names = new Set(imported.map(({ fileName }) => fileName).filter((name) => !/^\.\/[\w-]+\.js$/.test(name)));
    expect([...names]).toEqual(["node:crypto"]);
  });
});
