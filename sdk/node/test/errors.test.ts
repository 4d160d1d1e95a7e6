import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as sdk from "../src/index";
import { failure, invoice, rejection, type Step, startScript, TEST_KEY } from "./script-server";

const { UsdtGateway } = sdk;
const once = { maxRetries: 0 };

describe("an error of the API", () => {
  it.each<[number, string, new (...args: never[]) => Error]>([
    [400, "invalid_request", sdk.InvalidRequestError],
    [400, "no_wallet", sdk.InvalidRequestError],
    [401, "unauthenticated", sdk.AuthenticationError],
    [403, "account_suspended", sdk.PermissionError],
    [403, "test_key_required", sdk.PermissionError],
    [404, "not_found", sdk.NotFoundError],
    [409, "duplicate_reference", sdk.DuplicateReferenceError],
    [409, "amount_unavailable", sdk.AmountUnavailableError],
    [409, "idempotency_in_flight", sdk.IdempotencyError],
    [409, "something_new", sdk.ConflictError],
    [413, "body_too_large", sdk.InvalidRequestError],
    [415, "unsupported_media_type", sdk.InvalidRequestError],
    [422, "idempotency_mismatch", sdk.IdempotencyError],
    [429, "rate_limited", sdk.RateLimitError],
    [500, "internal", sdk.ServerError],
    [503, "unavailable", sdk.ServerError],
  ])("%i %s has a class, and says all that is known", async (statusCode, code, Class) => {
    const { client } = await startScript(failure(statusCode, code, {}, { "Retry-After": "7" }));
    const error = await rejection(client(once).invoices.retrieve("1"));
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(sdk.UsdtGatewayError);
    expect(error).toMatchObject({ name: Class.name, code, statusCode, requestId: "request-1", retryAfterSeconds: 7 });
    expect(error.message).toMatch(
      new RegExp(`^What ${code} says\\..*\\(${code}, HTTP ${statusCode}, request request-1\\)$`),
    );
  });

  it("names every problem of the input", async () => {
    const details = [
      { path: "amountUsdt", message: "What invalid_request says" },
      { path: "title", message: "title must be text" },
    ];
    const { client } = await startScript(failure(400, "invalid_request", { details }));
    const error = await rejection(client().invoices.create({ amountUsdt: "1.00001" }));
    expect(error).toMatchObject({ details });
    expect(error.message).toContain("title: title must be text.");
  });

  it("names the invoice that has the reference", async () => {
    const { client } = await startScript(failure(409, "duplicate_reference", { invoiceId: invoice().id }));
    const error = await rejection(client().invoices.create({ amountUsdt: "1" }));
    expect(error).toMatchObject({ invoiceId: invoice().id });
    expect(error.message).toContain("read that invoice");
  });
});

describe("an answer that is not the gateway's", () => {
  it.each<[string, Step, RegExp]>([
    ["a web page", { body: "<html>Welcome</html>" }, /Is baseUrl the URL of your gateway\?/],
    ["another API's 404", { status: 404, body: { error: "nope" } }, /HTTP 404.*baseUrl/],
    ["a list", { body: [] }, /baseUrl/],
    ["an empty one", { status: 204, body: "" }, /HTTP 204/],
    [
      "a redirect",
      { status: 308, headers: { Location: "https://elsewhere.test/x" } },
      /redirects to https:\/\/elsewhere/,
    ],
  ])("%s", async (_what, step, message) => {
    const { client, requests } = await startScript(step);
    const error = await rejection(client().invoices.retrieve("1"));
    expect(error).toBeInstanceOf(sdk.UnexpectedResponseError);
    expect(error.message).toMatch(message);
    // Above all, a redirect does not carry the key anywhere.
    expect(requests).toHaveLength(1);
  });

  it("a proxy's 502 is a server error, without its page in the message", async () => {
    const { client } = await startScript({ status: 502, body: "<html>secret internals</html>" });
    const error = await rejection(client(once).invoices.create({ amountUsdt: "1" }));
    expect(error).toBeInstanceOf(sdk.ServerError);
    expect(error).toMatchObject({ statusCode: 502, code: "unavailable" });
    expect(error.message).not.toContain("html");
    expect(error.message).toContain("idempotencyKey");
  });
});

describe("the API key", () => {
  it("shows in no inspection of the client, and in no JSON of it", () => {
    const gateway = new UsdtGateway(TEST_KEY, { baseUrl: "http://127.0.0.1:1" });
    for (const value of [gateway, gateway.invoices, gateway.account, gateway.sandbox, gateway.webhooks]) {
      expect(inspect(value, { depth: 20, showHidden: true, getters: true })).not.toContain(TEST_KEY);
      expect(JSON.stringify(value) ?? "").not.toContain(TEST_KEY);
    }
  });

  it("shows in no error, whatever fetch puts into its own", async () => {
    const fetch = async (_url: string, init?: RequestInit): Promise<Response> => {
      const error = new TypeError(`cannot send ${JSON.stringify(init?.headers)}`, { cause: new Error(TEST_KEY) });
      throw Object.assign(error, { config: init });
    };
    const gateway = new UsdtGateway(TEST_KEY, { baseUrl: "http://127.0.0.1:1", fetch, ...once });
    const error = await rejection(gateway.invoices.create({ amountUsdt: "1" }));
    expect(error).toBeInstanceOf(sdk.ConnectionError);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(TEST_KEY);
    expect(error.message).toContain("[API key]");
  });

  it.each<[string, unknown, RegExp]>([
    ["none", undefined, /API key is missing.*environment variable/],
    ["an empty one", " ", /missing/],
    ["a webhook secret", "whsec_AAAA", /webhook secret/],
    ["another service's", "sk_test_abc", /test_ or live_/],
    ["one with a line break", `${TEST_KEY}\n`, /white space/],
  ])("is refused at once when it is %s, and not repeated in the message", (_what, key, message) => {
    const make = () => new UsdtGateway(key as string, { baseUrl: "http://127.0.0.1:1" });
    expect(make).toThrow(sdk.ConfigurationError);
    expect(make).toThrow(message);
    if (String(key).length > 5) expect(make).not.toThrow(String(key).trim());
  });
});

describe("the options", () => {
  const make = (options: unknown) => () => new UsdtGateway(TEST_KEY, options as sdk.UsdtGatewayOptions);

  it.each<[string, unknown, RegExp]>([
    ["no options", undefined, /baseUrl is missing/],
    ["no baseUrl", {}, /baseUrl is missing/],
    ["a host only", { baseUrl: "pay.example.com" }, /not a URL/],
    ["another protocol", { baseUrl: "ftp://pay.example.com" }, /http or https/],
    ["a password", { baseUrl: "https://a:b@pay.example.com" }, /user name or password/],
    ["a query", { baseUrl: "https://pay.example.com?x=1" }, /must not contain \?/],
    ["no time", { baseUrl: "https://pay.example.com", timeoutMs: 0 }, /timeoutMs/],
    ["too much time", { baseUrl: "https://pay.example.com", timeoutMs: 1e12 }, /timeoutMs/],
    ["half a retry", { baseUrl: "https://pay.example.com", maxRetries: 0.5 }, /maxRetries/],
  ])("are refused with %s", (_what, options, message) => {
    expect(make(options)).toThrow(sdk.ConfigurationError);
    expect(make(options)).toThrow(message);
  });

  it.each(["", "/", "/api/v1", "/api/v1/", "/shop/gateway/", "/shop/gateway/api/v1"])(
    "take the base URL with %j at its end",
    async (end) => {
      const { client, url, requests } = await startScript({});
      await client({ baseUrl: url + end }).invoices.retrieve("1");
      expect(requests[0]?.path).toBe(`${end.includes("shop") ? "/shop/gateway" : ""}/api/v1/invoices/1`);
    },
  );

  it("tell the key's mode", () => {
    expect(new UsdtGateway(TEST_KEY, { baseUrl: "https://pay.example.com" }).mode).toBe("test");
    expect(new UsdtGateway("live_abc", { baseUrl: "https://pay.example.com" }).mode).toBe("live");
  });
});

describe("a call that cannot be meant", () => {
  it.each(["", ".", "..", undefined, 12])("with the id %j sends nothing", async (id) => {
    const { client, requests } = await startScript({});
    for (const call of ["retrieve", "retrieveByReference", "cancel"] as const) {
      expect(await rejection(client().invoices[call](id as string))).toBeInstanceOf(sdk.ConfigurationError);
    }
    expect(requests).toEqual([]);
  });

  it.each([undefined, null, Number.NaN, Number.POSITIVE_INFINITY, 10n, {}])(
    "with the amount %s sends nothing",
    async (amount) => {
      const { client, requests } = await startScript({});
      const error = await rejection(client().invoices.create({ amountUsdt: amount as string }));
      expect(error).toMatchObject({ code: "invalid_argument", details: [{ path: "amountUsdt" }] });
      expect(requests).toEqual([]);
    },
  );

  it("has its reference encoded", async () => {
    const { client, requests } = await startScript({});
    await client().invoices.retrieveByReference("a/b ?#%2e");
    expect(requests[0]?.path).toBe("/api/v1/invoices/reference/a%2Fb%20%3F%23%252e");
  });
});
