import { randomUUID } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { merchants } from "@/db/schema";
import { createTestMerchant, type TestAnswer, type TestMerchant, type TestRequest, useTestApi } from "@/e2e/api";
import { type Receiver, startReceiver } from "@/e2e/receiver";
import { resetEnv } from "@/lib/env";
import type { ErrorCode } from "@/lib/errors";
import { createJobs } from "@/lib/jobs/jobs";
import { changeMerchantStatus } from "@/lib/merchants/service";
import { ENDPOINTS } from "./endpoints";
import { openApiDocument } from "./openapi";

/**
 * Real answers of every endpoint, held against the OpenAPI document as a generated client would read it: the status is
 * documented, the body has the documented form and no field more, the error's code is documented for that operation.
 */

const call = useTestApi({ WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", ETHEREUM_RPC_URLS: "http://127.0.0.1:1" });

type Json = Record<string, unknown>;
type Content = { schema: Json; examples?: Json };
type Operation = {
  responses: Record<string, { content?: Record<string, Content>; headers?: Record<string, { $ref: string }> }>;
};
let document: Json & { paths: Record<string, Record<string, Operation>> };

/** What of JSON Schema the document uses; a keyword that is not here fails. */
const KNOWN = new Set(
  "type properties required items enum pattern format minimum maximum minLength maxLength anyOf $ref additionalProperties propertyNames description examples default".split(
    " ",
  ),
);

/** What of `value` is not as the schema says; fields that it does not name count too. */
function problemsOf(schema: Json, value: unknown, at = "body"): string[] {
  const unknownKeywords = Object.keys(schema).filter((key) => !KNOWN.has(key));
  if (unknownKeywords.length > 0) return [`${at}: the schema has ${unknownKeywords}`];
  if (typeof schema.$ref === "string") {
    const target = schema.$ref
      .slice(2)
      .split("/")
      .reduce<unknown>((node, key) => (node as Json)[key], document);
    return problemsOf(target as Json, value, at);
  }
  if (Array.isArray(schema.anyOf)) {
    const each = (schema.anyOf as Json[]).map((option) => problemsOf(option, value, at));
    return each.some((problems) => problems.length === 0) ? [] : each.flat();
  }
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  const types = [schema.type].flat();
  const fits = types.includes(type) || (types.includes("integer") && Number.isInteger(value));
  if (!fits) return [`${at}: ${type} is not ${types}`];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return [`${at}: ${value} is none of ${schema.enum}`];
  if (typeof value === "string") return textProblems(schema, value, at);
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema as { minimum?: number; maximum?: number };
    return value >= minimum && value <= maximum ? [] : [`${at}: ${value} is out of bounds`];
  }
  if (Array.isArray(value)) {
    return value.flatMap((entry, i) => problemsOf(schema.items as Json, entry, `${at}[${i}]`));
  }
  return type === "object" ? objectProblems(schema, value as Json, at) : [];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
function textProblems(schema: Json, text: string, at: string): string[] {
  const right =
    (typeof schema.pattern !== "string" || new RegExp(schema.pattern, "u").test(text)) &&
    (schema.format !== "uuid" || UUID.test(text)) &&
    (schema.format !== "uri" || URL.canParse(text)) &&
    (schema.format !== "date-time" || !Number.isNaN(Date.parse(text)));
  return right ? [] : [`${at}: ${text} is not of its form`];
}

function objectProblems(schema: Json, value: Json, at: string): string[] {
  const {
    properties = {},
    required = [],
    additionalProperties,
  } = schema as {
    properties?: Record<string, Json>;
    required?: string[];
    additionalProperties?: Json | true;
  };
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, entry]) => {
    const property = properties[name] ?? additionalProperties;
    if (property === true) return [];
    return property ? problemsOf(property, entry, `${at}.${name}`) : [`${at}.${name} is not documented`];
  });
  return [...missing, ...wrong];
}

const seen = new Map<string, Set<string>>();

/** Sends a request to an operation and holds the answer against the document. */
async function hit(name: string, params: Record<string, string> = {}, request: TestRequest & { query?: string } = {}) {
  const endpoint = ENDPOINTS.find((entry) => entry.name === name);
  if (!endpoint) throw new Error(`no operation ${name}`);
  const path = endpoint.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ""));
  const answer = await call(endpoint.method, path + (request.query ?? ""), { key: shop.testKey, ...request });
  checkAnswer(name, endpoint.path, endpoint.method, answer);
  return answer;
}

function checkAnswer(name: string, route: string, method: string, answer: TestAnswer): void {
  const operation = document.paths[route.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
  const response = operation?.responses[answer.status];
  expect(response, `${name} ${answer.status} is documented: ${answer.text}`).toBeDefined();
  const content = response?.content?.["application/json"];
  expect(problemsOf(content?.schema ?? {}, answer.body), `${name} ${answer.status} ${answer.text}`).toEqual([]);
  const code = answer.status < 400 ? "ok" : String(answer.body.code);
  if (code !== "ok") expect(Object.keys(content?.examples ?? {}), `${name} ${code}`).toContain(code);
  for (const header of ["x-request-id", "ratelimit", "ratelimit-policy"]) {
    expect(answer.headers.get(header), `${name} ${answer.status} ${header}`).toBeTruthy();
  }
  const documented = Object.keys(response?.headers ?? {}).map((header) => header.toLowerCase());
  for (const header of ["retry-after", "www-authenticate", "idempotency-replayed"]) {
    if (answer.headers.has(header)) expect(documented, `${name} ${answer.status}`).toContain(header);
  }
  seen.set(name, (seen.get(name) ?? new Set()).add(code));
}

let shop: TestMerchant;
let receiver: Receiver;
beforeAll(async () => {
  document = JSON.parse(JSON.stringify(openApiDocument(ENDPOINTS)));
  receiver = await startReceiver();
  shop = await createTestMerchant();
  await shop.addWallet("ethereum");
});
afterAll(() => receiver.close());

let next = 1000;
const newInvoice = async (fields: object = {}) => {
  const body = { amountUsdt: String(next++), ...fields };
  return (await hit("createInvoice", {}, { body })).body as Record<string, string> & { id: string; reference: string };
};
/** Runs the sandbox's background work once. */
async function work(): Promise<void> {
  await createJobs(randomUUID())
    .find(({ name }) => name === "sandbox")
    ?.run();
}

describe("answers are as documented", () => {
  it("invoices: created with nothing and with everything, read, listed, cancelled, replayed", async () => {
    const plain = await newInvoice();
    const full = await newInvoice({
      reference: "ORDER 1/2%",
      callbackUrl: `${receiver.url}/hook`,
      returnUrl: "https://shop.example.com",
      metadata: { a: { b: [1, null, "x"] } },
      title: "Title",
      description: "Description",
      useWhiteLabel: true,
    });
    for (const invoice of [plain, full]) {
      await hit("getInvoice", { id: invoice.id });
      await hit("getInvoiceByReference", { ref: invoice.reference });
    }
    await hit("listInvoices", {}, { query: "?limit=1" });
    await hit("cancelInvoice", { id: full.id });
    const request = { body: { amountUsdt: "77" }, headers: { "idempotency-key": "k" } };
    await hit("createInvoice", {}, request);
    expect((await hit("createInvoice", {}, request)).headers.get("idempotency-replayed")).toBe("true");
    await hit("createInvoice", {}, { ...request, body: { amountUsdt: "78" } });
  });

  it("a payment on its way and when it is confirmed, in every place that shows it", async () => {
    const { id } = await newInvoice({ useWhiteLabel: true });
    await hit("simulatePayment", {}, { body: { invoiceId: id } });
    await work();
    const shown = await hit("getInvoice", { id });
    expect(shown.body).toMatchObject({ status: "pending", payment: { requiredConfirmations: 12 } });
    await hit("cancelInvoice", { id });
    for (let i = 0; i < 100; i++) {
      await work();
      if ((await hit("getInvoice", { id })).body.status === "confirmed") break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await hit("getInvoice", { id })).body).toMatchObject({ status: "confirmed" });
    await hit("listInvoices", {}, { query: "?status=confirmed" });
    await hit("getAccount");
    await hit("simulatePayment", {}, { body: { invoiceId: id } });
    const later = await newInvoice();
    await hit("simulatePayment", {}, { body: { invoiceId: later.id, delaySeconds: 3600, scenario: "late" } });
  });

  it("the sandbox's other endpoints: expiry, and webhooks that arrive, fail and are refused", async () => {
    const invoice = await newInvoice({ metadata: { a: 1 } });
    await hit("triggerExpiry", {}, { body: { invoiceId: invoice.id } });
    await hit("triggerExpiry", {}, { body: { invoiceId: invoice.id } });
    const sent = await hit("testWebhook", {}, { body: { url: `${receiver.url}/hook`, invoiceId: invoice.id } });
    const example = await hit("testWebhook", {}, { body: { url: `${receiver.url}/hook` } });
    await hit("testWebhook", {}, { body: { url: "http://127.0.0.1:1/" } });
    await hit("testWebhook", {}, { body: { url: "http://10.0.0.1/" } });
    await hit("testWebhook", {}, { body: {} });
    const schema = { $ref: "#/components/schemas/WebhookEvent" };
    for (const { body } of [sent, example]) {
      const webhook = JSON.parse((body.request as { body: string }).body);
      expect(problemsOf(schema, webhook)).toEqual([]);
    }
  });

  it("every webhook that is really delivered, with every header that the document requires", async () => {
    for (const path of ["cancel", "expire"]) {
      const invoice = await newInvoice({ callbackUrl: `${receiver.url}/real` });
      if (path === "cancel") await hit("cancelInvoice", { id: invoice.id });
      else await hit("triggerExpiry", {}, { body: { invoiceId: invoice.id } });
      await createJobs(randomUUID())
        .find(({ name }) => name === "deliver webhooks")
        ?.run();
      const webhook = await receiver.waitFor((r) => r.headers["x-invoice-reference"] === invoice.reference);
      expect(problemsOf({ $ref: "#/components/schemas/WebhookEvent" }, JSON.parse(webhook.body))).toEqual([]);
      const { parameters } = (document.webhooks as Record<string, { post: { parameters: { name: string }[] } }>)
        .invoiceEvent?.post ?? { parameters: [] };
      expect(parameters).toHaveLength(6);
      for (const { name } of parameters) expect(webhook.headers[name.toLowerCase()], name).toBeTruthy();
    }
  });

  it("what is wrong with what was sent", async () => {
    const { id, reference } = await newInvoice();
    await hit("createInvoice", {}, { body: { amountUsdt: "1.00001", expirySeconds: 1, walletId: "x" } });
    await hit("createInvoice", {}, { body: { amountUsdt: "1", reference } });
    await hit("createInvoice", {}, { body: { amountUsdt: "1", assetCode: "USDT_BSC" } });
    await hit(
      "createInvoice",
      {},
      { body: { amountUsdt: "1", assetCode: "USDT_BSC" }, headers: { "idempotency-key": "" } },
    );
    await hit("getInvoice", { id: randomUUID() });
    await hit("getInvoiceByReference", { ref: "NONE" });
    await hit("cancelInvoice", { id: randomUUID() });
    await hit("listInvoices", {}, { query: "?page=x&cursor=x" });
    await hit("listApiLogs", {}, { query: "?limit=0" });
    for (const name of ["createInvoice", "simulatePayment", "triggerExpiry", "testWebhook"]) {
      await hit(name, {}, { body: "{" });
      await hit(name, {}, { body: "[]" });
      await hit(name, {}, { body: '{"invoiceId":1,"url":1}' });
      await hit(name, {}, { body: "{}", headers: { "content-type": "text/plain" } });
      await hit(name, {}, { body: `"${"x".repeat(140_000)}"` });
      await hit(name, {}, { body: { invoiceId: randomUUID(), amountUsdt: "0" } });
    }
    for (const name of ["simulatePayment", "triggerExpiry", "testWebhook"]) {
      await hit(name, {}, { body: { invoiceId: id }, key: shop.liveKey });
    }
    await hit("listApiLogs");
  });

  it("a live invoice on a network that nobody watches, and an amount that is taken", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("bsc");
    await db().update(merchants).set({ adjustmentLimit: 0n }).where(eq(merchants.id, merchant.id));
    await hit("createInvoice", {}, { key: merchant.liveKey, body: { amountUsdt: "5" } });
    const request = { key: merchant.testKey, body: { amountUsdt: "5" } };
    expect((await hit("createInvoice", {}, request)).status).toBe(201);
    const taken = await hit("createInvoice", {}, request);
    expect(taken).toMatchObject({ status: 409, body: { code: "amount_unavailable" } });
    expect(Number(taken.headers.get("retry-after"))).toBeGreaterThan(3500);
  });

  it("who may not: without a key, with a wrong one, suspended, over the limit; on every endpoint", async () => {
    const merchant = await createTestMerchant();
    await changeMerchantStatus(merchant.id, "suspended", "test");
    const body = { invoiceId: randomUUID(), amountUsdt: "1" };
    const params = { id: randomUUID(), ref: "NONE" };
    for (const { name, method } of ENDPOINTS) {
      const request = method === "POST" ? { body } : {};
      expect((await hit(name, params, { ...request, key: undefined })).status).toBe(401);
      expect((await hit(name, params, { ...request, key: `test_${"x".repeat(40)}` })).status).toBe(401);
      const refused = await hit(name, params, { ...request, key: merchant.testKey });
      expect(refused).toMatchObject({ status: 403, body: { code: "account_suspended" } });
    }
    process.env.RATE_LIMIT_MULTIPLIER = "0.0001";
    resetEnv();
    const other = await createTestMerchant();
    for (const { name, method } of ENDPOINTS) {
      const request = { key: other.testKey, ...(method === "POST" ? { body } : {}) };
      await hit(name, params, request);
      const limited = await hit(name, params, request);
      expect(limited).toMatchObject({ status: 429, body: { code: "rate_limited" } });
      expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    process.env.RATE_LIMIT_MULTIPLIER = "1000";
    resetEnv();
  });

  it("nearly every documented error was really met above, on every operation", () => {
    // In flight needs two requests at once; the last two need us to be broken.
    const unmet: ErrorCode[] = ["idempotency_in_flight", "internal", "unavailable"];
    for (const { name, path, method } of ENDPOINTS) {
      const { responses = {} } = document.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()] ?? {};
      const documented = Object.values(responses).flatMap(({ content }) =>
        Object.keys(content?.["application/json"]?.examples ?? {}),
      );
      const met = [...(seen.get(name) ?? [])];
      expect(
        documented.filter((code) => !met.includes(code) && !unmet.includes(code as ErrorCode)),
        name,
      ).toEqual([]);
      expect(met, name).toContain("ok");
    }
  });
});

describe("what reaches no endpoint", () => {
  it.each([
    ["GET", "/nothing", 404],
    ["GET", "", 404],
    ["DELETE", "/invoices", 405],
    ["OPTIONS", "/invoices", 204],
    ["GET", "/openapi.json", 200],
    ["HEAD", "/openapi.json", 200],
    ["POST", "/openapi.json", 405],
    ["OPTIONS", "/openapi.json", 204],
  ])(
    "%s %s is answered %i, with X-Request-Id and the limit's fields, and the documented form of error",
    async (...row) => {
      const [method, path, status] = row;
      for (const key of [undefined, shop.testKey]) {
        const answer = await call(method, path, { key });
        expect(answer.status).toBe(status);
        expect(answer.headers.get("x-request-id")).toMatch(UUID);
        expect(answer.headers.get("ratelimit-policy")).toBe('"public";q=300000;w=60');
        expect(answer.headers.get("ratelimit")).toMatch(/^"public";r=\d+;t=\d+$/);
        if (status >= 400) expect(problemsOf({ $ref: "#/components/schemas/Error" }, answer.body)).toEqual([]);
        if (status === 405 || status === 204) expect(answer.headers.get("allow")).toContain("OPTIONS");
      }
    },
  );

  it("is limited per address, which does not touch what has a key", async () => {
    process.env.RATE_LIMIT_MULTIPLIER = "0.01";
    resetEnv();
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await call("GET", "/openapi.json", from("203.0.113.50"))).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const limited = await call("GET", "/nothing", from("203.0.113.50"));
    expect(limited).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await call("GET", "/openapi.json", from("203.0.113.51"))).status).toBe(200);
    const merchant = await createTestMerchant();
    expect((await call("GET", "/account", { key: merchant.testKey, ...from("203.0.113.50") })).status).toBe(200);
    process.env.RATE_LIMIT_MULTIPLIER = "1000";
    resetEnv();
  });
});

describe("the check itself", () => {
  it("finds a missing field, a wrong type, a wrong form and a field too many", () => {
    const schema = { $ref: "#/components/schemas/Pagination" };
    const right = { page: 1, limit: 1, total: 0, totalPages: 0 };
    expect(problemsOf(schema, right)).toEqual([]);
    for (const wrong of [{ ...right, page: "1" }, { page: 1 }, { ...right, x: 1 }, { ...right, total: -1 }, null]) {
      expect(problemsOf(schema, wrong)).not.toEqual([]);
    }
  });
});
