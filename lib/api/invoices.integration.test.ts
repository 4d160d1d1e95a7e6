import { randomUUID } from "node:crypto";
import { eq, type SQL, sql } from "drizzle-orm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { db } from "@/db/client";
import { idempotencyKeys, invoices } from "@/db/schema";
import { createTestMerchant, type TestAnswer, type TestMerchant, type TestRequest, useTestApi } from "@/e2e/api";
import { api as handler } from "@/lib/api";
import { resetEnv } from "@/lib/env";
import { STATUS_TEXT } from "@/lib/errors";
import { rotateApiKey } from "@/lib/merchants/rotation";
import { changeMerchantStatus } from "@/lib/merchants/service";

/** The contract of /api/v1/invoices, case by case. Every answer that passes through here is checked for its form. */

const send = useTestApi({ ETHEREUM_RPC_URLS: "http://127.0.0.1:1", PAY_URL: "https://pay.example.com" });

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Sends a request and checks what is true of every answer. */
async function call(method: string, path: string, request: TestRequest = {}): Promise<TestAnswer> {
  const answer = await send(method, path, request);
  const { status, body, headers } = answer;
  expect(headers.get("x-request-id")).toMatch(UUID);
  expect(status, answer.text).not.toBe(500);
  if (status >= 400 && method !== "HEAD") {
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    const { statusCode, message, error, code, requestId } = body;
    expect({ statusCode, error, requestId }).toEqual({
      statusCode: status,
      error: STATUS_TEXT[status],
      requestId: headers.get("x-request-id"),
    });
    expect(message).toMatch(/^\S.{5,}/);
    expect(code).toMatch(/^[a-z_]+$/);
  }
  return answer;
}

let shop: TestMerchant;
let stranger: TestMerchant;
beforeAll(async () => {
  [shop, stranger] = [await createTestMerchant(), await createTestMerchant()];
  for (const merchant of [shop, stranger]) await merchant.addWallet("ethereum");
});
const post = (body: unknown, headers: Record<string, string> = {}, key = shop.testKey) =>
  call("POST", "/invoices", { key, body, headers });
let next = 0;
/** Fields of a valid invoice, whose amount nobody else asks for. */
const valid = (fields: object = {}) => ({ amountUsdt: String(20_000 + next++), ...fields });
async function create(fields: object = {}, key = shop.testKey) {
  const answer = await post(valid(fields), {}, key);
  expect(answer.status, answer.text).toBe(201);
  return answer.body as Record<string, string>;
}
const detailsOf = (answer: TestAnswer) => (answer.body.details ?? []) as { path: string; message: string }[];
const pathsOf = (answer: TestAnswer) => [...new Set(detailsOf(answer).map(({ path }) => path))].sort();

describe("the object", () => {
  it("has every documented field in the documented order, the same from POST, by id and by reference", async () => {
    const answer = await post({
      amountUsdt: 150,
      assetCode: "USDT_ERC20",
      reference: "ORDER-12345",
      callbackUrl: "https://shop.example.com/hook?x=1",
      returnUrl: "http://shop.example.com",
      expirySeconds: 300,
      metadata: { orderId: "12345" },
      title: "Order #12345",
      description: "Premium subscription",
      useWhiteLabel: true,
    });
    expect(answer.status, answer.text).toBe(201);
    const { body } = answer;
    expect(Object.keys(body).slice(0, 12)).toEqual(
      "id reference assetCode payoutAddress amountUsdtExact status expiresAt paymentUrl createdAt isTest metadata whiteLabel".split(
        " ",
      ),
    );
    expect(body).toMatchObject({
      id: expect.stringMatching(UUID),
      reference: "ORDER-12345",
      assetCode: "USDT_ERC20",
      network: "ethereum",
      amountUsdt: "150.0000",
      amountUsdtExact: "150.0000",
      status: "pending",
      expiresAt: expect.stringMatching(TIME),
      createdAt: expect.stringMatching(TIME),
      paymentUrl: "https://pay.example.com/ORDER-12345",
      isTest: true,
      metadata: { orderId: "12345" },
      title: "Order #12345",
      description: "Premium subscription",
      callbackUrl: "https://shop.example.com/hook?x=1",
      returnUrl: "http://shop.example.com",
      txHash: null,
      paidAt: null,
      cancelledAt: null,
      expiredAt: null,
      payment: null,
      whiteLabel: {
        cancelUrl: expect.stringMatching(/^https:\/\/pay\.example\.com\/ORDER-12345\/cancel\?token=[\w-]{32}$/),
        statusUrl: "https://pay.example.com/ORDER-12345/status",
        qrData: body.payoutAddress,
        network: "ethereum",
        networkLabel: "Ethereum (ERC20)",
        expiresAt: body.expiresAt,
        title: "Order #12345",
        description: "Premium subscription",
      },
    });
    expect(Date.parse(String(body.expiresAt)) - Date.parse(String(body.createdAt))).toBe(300_000);
    // What is told to the second is what a block's time is held against.
    const [row] = await db()
      .select({ createdAt: invoices.createdAt, expiresAt: invoices.expiresAt })
      .from(invoices)
      .where(eq(invoices.id, String(body.id)));
    expect(row).toEqual({ createdAt: new Date(String(body.createdAt)), expiresAt: new Date(String(body.expiresAt)) });
    for (const path of [`/invoices/${body.id}`, "/invoices/reference/ORDER-12345"]) {
      const again = await call("GET", path, { key: shop.testKey });
      expect([again.status, again.text]).toEqual([200, answer.text]);
    }
  });

  it("without the optional fields: a generated reference, 1800 s, no whiteLabel, nulls", async () => {
    const body = await create();
    expect(body.reference).toMatch(/^[\w-]{16,50}$/);
    expect(Date.parse(body.expiresAt ?? "") - Date.parse(body.createdAt ?? "")).toBe(1_800_000);
    expect(body).not.toHaveProperty("whiteLabel");
    expect(body).toMatchObject({ metadata: null, title: null, description: null, callbackUrl: null, returnUrl: null });
  });
});

describe("what a merchant changes counts from the next request on", () => {
  const secondsOf = (invoice: Record<string, string>) =>
    (Date.parse(invoice.expiresAt ?? "") - Date.parse(invoice.createdAt ?? "")) / 1000;
  /** As another process does it: behind the back of this one. */
  const set = (id: string, change: SQL) => db().execute(sql`update merchants set ${change} where id = ${id}`);

  it("the default of expirySeconds, which a request's own goes before", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    expect(secondsOf(await create({}, merchant.testKey))).toBe(1800);
    for (const seconds of [300, 7200]) {
      await set(merchant.id, sql`default_expiry_seconds = ${seconds}`);
      expect(secondsOf(await create({}, merchant.testKey))).toBe(seconds);
      expect(secondsOf(await create({ expirySeconds: null }, merchant.testKey))).toBe(seconds);
      expect(secondsOf(await create({ expirySeconds: 1200 }, merchant.testKey))).toBe(1200);
    }
  });

  it("how far an amount may be adjusted", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    await post({ amountUsdt: "10" }, {}, merchant.testKey);
    await set(merchant.id, sql`adjustment_limit = 0`);
    expect((await post({ amountUsdt: "10" }, {}, merchant.testKey)).status).toBe(409);
    await set(merchant.id, sql`adjustment_limit = 1`);
    expect((await post({ amountUsdt: "10" }, {}, merchant.testKey)).body.amountUsdtExact).toBe("10.0001");
    expect((await post({ amountUsdt: "10" }, {}, merchant.testKey)).status).toBe(409);
  });

  it("a new wallet, while creates go on: each answer is right for its moment", async () => {
    const merchant = await createTestMerchant();
    const key = merchant.testKey;
    expect((await post(valid(), {}, key)).body.code).toBe("no_wallet");
    const first = await merchant.addWallet("ethereum");
    expect((await create({}, key)).walletId).toBe(first.id);
    const second = await merchant.addWallet("ethereum");
    expect((await create({ walletId: second.id }, key)).payoutAddress).toBe(second.address);
    await merchant.addWallet("bsc");
    expect(pathsOf(await post(valid(), {}, key))).toEqual(["assetCode"]);
  });

  it("a key that was replaced, by this process or another, is dead for creating at once", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    await create({}, merchant.testKey);
    const { key } = await rotateApiKey(merchant.id, { mode: "test", grace: 0 }, "test");
    expect((await post(valid(), {}, merchant.testKey)).status).toBe(401);
    await create({}, key);
    await db().execute(
      sql`update api_keys set expires_at = now() where merchant_id = ${merchant.id} and mode = 'test'`,
    );
    expect((await post(valid(), {}, key)).status).toBe(401);
    const made = await db().select().from(invoices).where(eq(invoices.merchantId, merchant.id));
    expect(made).toHaveLength(2);
  });

  it("a suspension, by this process or another", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    await create({}, merchant.testKey);
    await set(merchant.id, sql`status = 'suspended'`);
    expect((await post(valid(), {}, merchant.testKey)).status).toBe(403);
    await changeMerchantStatus(merchant.id, "active", "test");
    await create({}, merchant.testKey);
  });
});

describe("amountUsdt", () => {
  // As the JSON text that is sent, because the text is what counts.
  it.each([
    ["0.0001", "0.0001"],
    ['"0.0001"', "0.0001"],
    ["1e3", "1000.0000"],
    ["1.5E2", "150.0000"],
    ["31.50", "31.5000"],
    ['"31.6000"', "31.6000"],
    ["100000000.0001", "100000000.0001"],
    ["1000000000", "1000000000.0000"],
    ['"999999999.9999"', "999999999.9999"],
  ])("takes %s as %s", async (text, amount) => {
    const answer = await post(`{"amountUsdt":${text}}`);
    expect([answer.status, answer.body.amountUsdt]).toEqual([201, amount]);
  });

  it.each([
    ["100000000.00011", /4 decimal places/],
    ["1.00000", /4 decimal places/],
    ['"0.00001"', /4 decimal places/],
    ["1e-5", /4 decimal places/],
    ["1000000000.0001", /0.0001 to 1000000000/],
    ["0", /0.0001 to 1000000000/],
    ["0.00000", /.+/],
    ["-5", /0.0001 to 1000000000/],
    ["1e400", /0.0001 to 1000000000/],
    ['"1e3"', /decimal string/],
    ['" 5"', /decimal string/],
    ['"5 USDT"', /decimal string/],
    ['"+5"', /decimal string/],
    ['""', /decimal string/],
    ["true", /decimal string/],
    ["[5]", /decimal string/],
    ['{"value":5}', /decimal string/],
    ["null", /required/],
  ])("refuses %s", async (text, message) => {
    const answer = await post(`{"amountUsdt":${text}}`);
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(detailsOf(answer)).toEqual([{ path: "amountUsdt", message: expect.stringMatching(message) }]);
    expect(answer.body.message).toBe(detailsOf(answer)[0]?.message);
  });

  it("is required", async () => expect(pathsOf(await post({}))).toEqual(["amountUsdt"]));
});

describe("the other fields", () => {
  const url = (length: number) => `https://a.example/${"x".repeat(length - 18)}`;
  const object = (bytes: number) => ({ a: "x".repeat(bytes - 8) });
  const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  it.each([
    ["reference", "~"],
    ["reference", "x".repeat(50)],
    ["reference", "..."],
    ["callbackUrl", url(500)],
    ["callbackUrl", "http://localhost:3000/hook"],
    ["returnUrl", url(500)],
    ["expirySeconds", 300],
    ["expirySeconds", 7200],
    ["expirySeconds", 300.0],
    ["metadata", {}],
    ["metadata", object(16 * 1024)],
    ["metadata", nested(64)],
    ["title", ""],
    ["title", "x".repeat(200)],
    ["title", "😀".repeat(200)],
    ["description", "x".repeat(500)],
    ["useWhiteLabel", false],
  ])("take %s at its bound", async (field, value) => {
    const reference = field === "reference" ? {} : { reference: randomUUID() };
    const answer = await post(valid({ ...reference, [field]: value }));
    expect(answer.status, answer.text).toBe(201);
  });

  it.each([
    ["assetCode", ["USDT", "usdt_erc20", 1, {}, ""]],
    ["reference", ["", ".", "..", "x".repeat(51), "ü", "a\nb", "a\u007f", 5, {}]],
    [
      "callbackUrl",
      [
        url(501),
        "/hook",
        "ftp://a.example",
        "https://",
        "https:///a.example",
        "javascript:1",
        " https://a.example",
        "https://u:p@a.example",
        "https://a b",
        5,
      ],
    ],
    ["returnUrl", [url(501), "a.example", "javascript:alert(1)", "https://a\u0000.example", 5]],
    ["expirySeconds", [299, 7201, 300.5, "300", true, 1e21, []]],
    ["metadata", [[], "text", 5, true, object(16 * 1024 + 1), nested(65)]],
    ["walletId", ["", "nonsense", 5, randomUUID()]],
    ["title", ["x".repeat(201), 5, "\u0000", {}]],
    ["description", ["x".repeat(501), false]],
    ["useWhiteLabel", ["true", 1, "", {}]],
  ] as [string, unknown[]][])("refuse %s beyond its bounds and of the wrong type, naming it", async (field, values) => {
    for (const value of values) {
      const answer = await post(valid({ [field]: value }));
      expect([answer.status, answer.body.code], JSON.stringify(value).slice(0, 80)).toEqual([400, "invalid_request"]);
      expect(pathsOf(answer)).toEqual([field]);
    }
  });

  it("report every problem at once", async () => {
    const answer = await post({
      amountUsdt: "x",
      assetCode: "x",
      reference: "",
      callbackUrl: "x",
      returnUrl: "x",
      expirySeconds: 1,
      metadata: [],
      walletId: "x",
      title: 1,
      description: 1,
      useWhiteLabel: 1,
    });
    expect(pathsOf(answer)).toEqual(
      "amountUsdt assetCode callbackUrl description expirySeconds metadata reference returnUrl title useWhiteLabel walletId".split(
        " ",
      ),
    );
  });

  it("count null as left out, and ignore what is unknown", async () => {
    const names =
      "assetCode reference callbackUrl returnUrl expirySeconds metadata walletId title description useWhiteLabel";
    const nulls = Object.fromEntries(names.split(" ").map((name) => [name, null]));
    expect((await post(valid({ ...nulls, colour: "red", id: randomUUID(), status: "confirmed" }))).status).toBe(201);
    expect(
      (await post('{"__proto__":{"useWhiteLabel":true},"constructor":1,"amountUsdt":33.3}')).body,
    ).not.toHaveProperty("whiteLabel");
  });

  it("keep metadata's text: key order, digits and escapes", async () => {
    const metadata = '{"b":1.0,"2":{"1":[],"0":-0},"1":"\\u0000\\ud800","a":12345678901234567890,"__proto__":{"x":1}}';
    const answer = await post(`{"amountUsdt":34.5,"metadata":${metadata}}`);
    expect(answer.status, answer.text).toBe(201);
    expect(answer.text).toContain(`"metadata":${metadata},`);
    expect((await call("GET", `/invoices/${answer.body.id}`, { key: shop.testKey })).text).toBe(answer.text);
  });
});

describe("which wallet", () => {
  it("is asked about when it cannot be known, and a wrong choice is explained", async () => {
    const merchant = await createTestMerchant();
    const ask = (fields: object) => post(valid(fields), {}, merchant.testKey);
    expect((await ask({})).body).toMatchObject({ statusCode: 400, code: "no_wallet" });
    const eth = await merchant.addWallet("ethereum");
    expect((await ask({})).body).toMatchObject({ walletId: eth.id, assetCode: "USDT_ERC20" });
    expect((await ask({ assetCode: "USDT_TRC20" })).body.code).toBe("no_wallet");
    const bsc = await merchant.addWallet("bsc");
    expect(pathsOf(await ask({}))).toEqual(["assetCode"]);
    expect((await ask({ walletId: bsc.id })).body).toMatchObject({ walletId: bsc.id, assetCode: "USDT_BSC" });
    expect(pathsOf(await ask({ walletId: bsc.id, assetCode: "USDT_ERC20" }))).toEqual(["walletId"]);
    const theirs = await stranger.addWallet("ethereum");
    expect(pathsOf(await ask({ walletId: theirs.id }))).toEqual(["walletId"]);
  });

  it("on a network that nobody watches: refused live, fine in test mode", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("bsc");
    expect((await post(valid(), {}, merchant.liveKey)).body).toMatchObject({
      statusCode: 400,
      code: "network_unavailable",
    });
    expect((await post(valid(), {}, merchant.testKey)).status).toBe(201);
  });
});

describe("the body", () => {
  const json = { "content-type": "application/json" };
  it.each([
    ["malformed JSON", '{"amountUsdt":', 400, "malformed_json"],
    ["a comment", '{"amountUsdt":1}//', 400, "malformed_json"],
    ["nothing", "", 400, "invalid_request"],
    ["white space", " \n", 400, "invalid_request"],
    ["invalid UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, "malformed_json"],
    ["half a character", Uint8Array.from([...Buffer.from('{"a":"'), 0xe2, 0x82]), 400, "malformed_json"],
    ["a list", "[]", 400, "invalid_request"],
    ["a number", "5", 400, "invalid_request"],
    ["null", "null", 400, "invalid_request"],
    ["text", '"text"', 400, "invalid_request"],
    ["deep nesting", `{"amountUsdt":5,"x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 400, "malformed_json"],
    ["too much", `{"title":"${"x".repeat(128 * 1024)}"}`, 413, "body_too_large"],
  ])("that is %s is refused", async (_what, body, status, code) => {
    const answer = await post(body, json);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it("of 100 KB is read to the end, and a mark at its beginning is no harm", async () => {
    expect((await post(`${" ".repeat(100_000)}{"amountUsdt":35.1}`)).status).toBe(201);
    expect((await post('\uFEFF{"amountUsdt":35.2}')).status).toBe(201);
  });

  it("is not read when it is declared too large, nor further than the limit when it is streamed", async () => {
    const declared = await post("{}", { ...json, "content-length": "200000" });
    expect([declared.status, declared.body.code]).toEqual([413, "body_too_large"]);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
      },
    });
    const headers = { ...json, authorization: `Bearer ${shop.testKey}` };
    const init = { method: "POST", headers, body: endless, duplex: "half" } as RequestInit;
    const response = await handler(new Request("http://gateway.test/api/v1/invoices", init));
    expect([response.status, (await response.json()).code]).toEqual([413, "body_too_large"]);
    expect(pulled).toBeLessThan(20);
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "",
  ])("of content type %j is refused", async (type) => {
    const answer = await post('{"amountUsdt":5}', { "content-type": type });
    expect([answer.status, answer.body.code]).toEqual([415, "unsupported_media_type"]);
  });

  it.each(["application/json; charset=utf-8", "Application/JSON", "application/vnd.shop+json"])(
    "of content type %s is taken",
    async (type) => expect((await post(valid(), { "content-type": type })).status).toBe(201),
  );
});

describe("paths and methods", () => {
  it.each([
    "/",
    "/nothing",
    "/invoices/a/b",
    "/invoices//",
    "/invoices/reference/a/b",
    "/invoices/%",
    "/invoices/%E0%A4%A",
    "/invoices/reference/%ff",
    "/Invoices",
    "/../../etc/passwd",
  ])("an unknown path is 404 for every method: %s", async (path) => {
    for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
      const answer = await call(method, path, { key: shop.testKey });
      expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
    }
  });

  it("a path that only begins like the API's is no path of it", async () => {
    for (const path of [
      "/api/v1x/invoices",
      "/api/v10/account",
      "/api/v1%2Finvoices",
      "/api/v2/invoices",
      "/invoices",
    ]) {
      const headers = { authorization: `Bearer ${shop.testKey}` };
      expect((await handler(new Request(`http://gateway.test${path}`, { headers }))).status, path).toBe(404);
    }
  });

  it.each([
    ["/invoices", ["PUT", "PATCH", "DELETE"], "GET, HEAD, OPTIONS, POST"],
    ["/invoices/x", ["POST", "PUT", "DELETE"], "GET, HEAD, OPTIONS"],
    ["/invoices/reference/x", ["POST"], "GET, HEAD, OPTIONS"],
    ["/invoices/x/cancel", ["GET", "HEAD", "DELETE"], "OPTIONS, POST"],
    ["/openapi.json", ["POST"], "GET, HEAD, OPTIONS"],
  ])("%s answers other methods with 405 and Allow, and OPTIONS with Allow alone", async (path, methods, allow) => {
    const allowed = (answer: TestAnswer) => answer.headers.get("allow")?.split(", ").sort().join(", ");
    for (const method of methods) {
      const answer = await call(method, path, { key: shop.testKey });
      expect([answer.status, allowed(answer)]).toEqual([405, allow]);
      if (method !== "HEAD") expect(answer.body.code).toBe("method_not_allowed");
    }
    // A browser asks without a key.
    const options = await call("OPTIONS", path);
    expect([options.status, allowed(options), options.text]).toEqual([204, allow, ""]);
  });

  it("HEAD is GET without the body", async () => {
    const { id } = await create();
    const head = await call("HEAD", `/invoices/${id}`, { key: shop.testKey });
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([
      200,
      "",
      "application/json; charset=utf-8",
    ]);
    expect((await call("HEAD", `/invoices/${randomUUID()}`, { key: shop.testKey })).status).toBe(404);
    expect((await call("HEAD", `/invoices/${id}`)).status).toBe(401);
  });
});

describe("references", () => {
  it("is used once, under 20 parallel creates too: one is made, the others are told its id", async () => {
    const reference = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ amountUsdt: 36, reference })));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 201)) {
      expect([status, body.code, body.invoiceId]).toEqual([409, "duplicate_reference", made[0]?.body.id]);
    }
  });

  it("is free in the other mode and for another merchant, whose pay pages get a suffix that cannot be guessed", async () => {
    const reference = `R ${randomUUID()}`;
    const first = await create({ reference });
    const live = await create({ reference }, shop.liveKey);
    const theirs = await create({ reference }, stranger.testKey);
    const plain = `https://pay.example.com/${encodeURIComponent(reference)}`;
    expect([first.reference, live.reference, theirs.reference]).toEqual(Array(3).fill(reference));
    expect(first.paymentUrl).toBe(plain);
    for (const { paymentUrl } of [live, theirs]) expect(paymentUrl).toMatch(new RegExp(`^${plain}-[A-Za-z0-9]{8,}$`));
    expect(live.paymentUrl).not.toBe(theirs.paymentUrl);
    expect(
      (await call("GET", `/invoices/reference/${encodeURIComponent(reference)}`, { key: stranger.testKey })).body.id,
    ).toBe(theirs.id);
  });

  it("with any printable ASCII character survives: create, read by reference, paymentUrl", async () => {
    for (let code = 0x20; code < 0x7f; code++) {
      const character = String.fromCharCode(code);
      const reference = `${character}${next}${character}${character}`;
      const made = await create({ reference });
      expect(made.reference).toBe(reference);
      const found = await call("GET", `/invoices/reference/${encodeURIComponent(reference)}`, { key: shop.testKey });
      expect([found.status, found.body.id], reference).toEqual([200, made.id]);
      const url = new URL(made.paymentUrl ?? "");
      expect([url.search, url.hash, decodeURIComponent(url.pathname)]).toEqual(["", "", `/${reference}`]);
    }
  });
});

describe("isolation", () => {
  it("another merchant's invoice and the other mode's are not there, in the same words as one that never was", async () => {
    const { id, reference } = await create();
    const endpoints: [string, (id: string, reference: string) => [string, unknown?]][] = [
      ["GET", (i) => [`/invoices/${i}`]],
      ["GET", (_i, r) => [`/invoices/reference/${r}`]],
      ["POST", (i) => [`/invoices/${i}/cancel`]],
      ["POST", (i) => ["/sandbox/simulate-payment", { invoiceId: i }]],
      ["POST", (i) => ["/sandbox/trigger-expiry", { invoiceId: i }]],
      ["POST", (i) => ["/sandbox/test-webhook", { invoiceId: i, url: "https://shop.example.com" }]],
    ];
    for (const [method, make] of endpoints) {
      const ask = async (invoiceId: string, ref: string, key: string) => {
        const [path, body] = make(invoiceId, ref);
        const { status, body: answer } = await call(method, path, { key, body });
        return { status, code: answer.code, message: answer.message };
      };
      const [path] = make(String(id), String(reference));
      const missing = await ask(randomUUID(), randomUUID(), stranger.testKey);
      expect(missing, path).toMatchObject({ status: 404, code: "not_found" });
      expect(await ask(String(id), String(reference), stranger.testKey), path).toEqual(missing);
      const live = await ask(String(id), String(reference), shop.liveKey);
      if (path.startsWith("/sandbox")) expect(live).toMatchObject({ status: 403, code: "test_key_required" });
      else expect(live, path).toEqual(missing);
    }
    const untouched = await call("GET", `/invoices/${id}`, { key: shop.testKey });
    expect(untouched.body).toMatchObject({ status: "pending", payment: null });
  });

  it.each(["x", "00000000-0000-0000-0000-00000000000g", "%00", "'; drop table invoices; --", `${randomUUID()}0`])(
    "an id that is none is 404, never 500: %s",
    async (id) => {
      for (const [method, path] of [
        ["GET", `/invoices/${id}`],
        ["POST", `/invoices/${id}/cancel`],
        ["GET", `/invoices/reference/${id}`],
      ] as const) {
        expect((await call(method, path, { key: shop.testKey })).status).toBe(404);
      }
    },
  );
});

describe("cancel", () => {
  it("cancels a pending invoice once, with or without a body", async () => {
    const { id } = await create();
    const cancelled = await call("POST", `/invoices/${id}/cancel`, { key: shop.testKey });
    expect(cancelled).toMatchObject({
      status: 200,
      body: { id, status: "cancelled", cancelledAt: expect.stringMatching(TIME) },
    });
    const again = await call("POST", `/invoices/${id}/cancel`, { key: shop.testKey });
    expect(again).toMatchObject({ status: 400, body: { code: "invoice_not_cancellable" } });
    const other = await create();
    expect((await call("POST", `/invoices/${other.id}/cancel`, { key: shop.testKey, body: {} })).status).toBe(200);
  });

  it("by 10 at once cancels once", async () => {
    const { id } = await create();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("POST", `/invoices/${id}/cancel`, { key: shop.testKey })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
  });

  it.each(["expired", "confirmed"] as const)("refuses an invoice that is %s", async (status) => {
    const { id } = await create();
    const times =
      status === "expired" ? { expiredAt: new Date() } : { paidAt: new Date(), resolution: "automatic" as const };
    await db()
      .update(invoices)
      .set({ status, ...times })
      .where(eq(invoices.id, String(id)));
    const answer = await call("POST", `/invoices/${id}/cancel`, { key: shop.testKey });
    expect(answer).toMatchObject({ status: 400, body: { code: "invoice_not_cancellable" } });
    expect(answer.body.message).toContain(status);
  });
});

describe("keys", () => {
  const with_ = (authorization: string) => call("GET", "/account", { headers: { authorization } });

  it("missing, unknown and malformed are 401, with the way to send one and without a word on which it was", async () => {
    const missing = await call("GET", "/account");
    expect(missing).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(missing.headers.get("www-authenticate")).toMatch(/^Bearer/);
    const wrong = [
      `Bearer ${shop.testKey.slice(0, -1)}${shop.testKey.endsWith("x") ? "y" : "x"}`,
      `Bearer ${shop.testKey}x`,
      `Bearer ${shop.testKey.replace("test_", "live_")}`,
      `Bearer ${shop.testKey.toUpperCase()}`,
      `Basic ${Buffer.from(`${shop.testKey}:`).toString("base64")}`,
      shop.testKey,
      "Bearer",
      "Bearer null",
      `Bearer ${shop.testKey} ${shop.liveKey}`,
      `Bearer ${"x".repeat(5_000)}`,
      `Bearer test_${"'".repeat(40)}`,
    ];
    for (const authorization of wrong) {
      const answer = await with_(authorization);
      expect([answer.status, answer.body.code], authorization.slice(0, 60)).toEqual([401, "unauthenticated"]);
      expect(answer.body.message).toBe((await with_("Bearer nonsense")).body.message);
    }
    expect((await with_(`bearer  ${shop.testKey}`)).status).toBe(200);
  });

  it("of a suspended merchant are 403 until it is let back in, and its invoices are as they were", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    const { id } = await create({}, merchant.testKey);
    await changeMerchantStatus(merchant.id, "suspended", "test");
    for (const key of [merchant.testKey, merchant.liveKey]) {
      for (const [method, path] of [
        ["POST", "/invoices"],
        ["GET", `/invoices/${id}`],
        ["POST", `/invoices/${id}/cancel`],
        ["GET", "/account"],
      ] as const) {
        expect(await call(method, path, { key })).toMatchObject({ status: 403, body: { code: "account_suspended" } });
      }
    }
    await changeMerchantStatus(merchant.id, "active", "test");
    expect((await call("GET", `/invoices/${id}`, { key: merchant.testKey })).body.status).toBe("pending");
  });
});

describe("Idempotency-Key", () => {
  const count = async (amount: string) =>
    (
      await db()
        .select()
        .from(invoices)
        .where(eq(invoices.amountRequested, BigInt(amount) * 10_000n))
    ).length;
  const setAge = (key: string, age: string) =>
    db()
      .update(idempotencyKeys)
      .set({ createdAt: sql.raw(`now() - interval '${age}'`) as unknown as Date })
      .where(eq(idempotencyKeys.key, key));

  it("replays the stored response, byte for byte, for the same body", async () => {
    const key = randomUUID();
    const body = '{"amountUsdt": 900001, "metadata":{"2":1.0,"1":2}}';
    const first = await post(body, { "idempotency-key": key });
    expect(first.status, first.text).toBe(201);
    const again = await post(body, { "idempotency-key": key });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(await count("900001")).toBe(1);
  });

  it("knows the same fields in another order and spacing, but not another order inside metadata", async () => {
    const key = randomUUID();
    const first = await post('{"amountUsdt":900008,"title":"a","metadata":{"b":1,"a":2}}', { "idempotency-key": key });
    expect(first.status, first.text).toBe(201);
    const again = await post('{ "metadata": {"b": 1, "a": 2}, "title": "a", "amountUsdt": 900008 }', {
      "idempotency-key": key,
    });
    expect([again.status, again.text]).toEqual([201, first.text]);
    for (const other of [
      '{"amountUsdt":900008,"title":"a","metadata":{"a":2,"b":1}}',
      '{"amountUsdt":900008,"title":"a ","metadata":{"b":1,"a":2}}',
      '{"amountUsdt":900008,"title":"a"}',
      '{"amountUsdt":900008.0001,"title":"a","metadata":{"b":1,"a":2}}',
    ]) {
      expect((await post(other, { "idempotency-key": key })).body.code, other).toBe("idempotency_mismatch");
    }
  });

  it("refuses another body under the same key with 422, and keeps merchants and modes apart", async () => {
    const key = randomUUID();
    const first = await post({ amountUsdt: 900002 }, { "idempotency-key": key });
    const other = await post({ amountUsdt: 900003 }, { "idempotency-key": key });
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency_mismatch" } });
    expect(await count("900003")).toBe(0);
    for (const apiKey of [shop.liveKey, stranger.testKey]) {
      const answer = await post({ amountUsdt: 900002 }, { "idempotency-key": key }, apiKey);
      expect(answer.status).toBe(201);
      expect(answer.body.id).not.toBe(first.body.id);
    }
  });

  it("under 20 parallel requests makes exactly one invoice; each is answered with it or told that it is in flight", async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post({ amountUsdt: 900004 }, { "idempotency-key": key })),
    );
    const bodies = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text));
    expect(bodies.size).toBe(1);
    for (const { status, body, headers } of answers.filter((answer) => answer.status !== 201)) {
      expect([status, body.code]).toEqual([409, "idempotency_in_flight"]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(await count("900004")).toBe(1);
    expect(bodies.has((await post({ amountUsdt: 900004 }, { "idempotency-key": key })).text)).toBe(true);
  });

  it("does not keep errors: the same key works once the cause is gone", async () => {
    const key = randomUUID();
    const merchant = await createTestMerchant();
    const ask = (body: object) => post(body, { "idempotency-key": key }, merchant.testKey);
    expect((await ask({ amountUsdt: "x" })).status).toBe(400);
    expect((await ask({ amountUsdt: 900005 })).body.code).toBe("no_wallet");
    await merchant.addWallet("ethereum");
    expect((await ask({ amountUsdt: 900005 })).status).toBe(201);
  });

  it("a duplicate reference under it is 409 as without it", async () => {
    const { reference, id } = await create();
    const answer = await post(valid({ reference }), { "idempotency-key": randomUUID() });
    expect(answer).toMatchObject({ status: 409, body: { code: "duplicate_reference", invoiceId: id } });
  });

  it("is forgotten after 24 hours, and not before", async () => {
    const key = randomUUID();
    const first = await post({ amountUsdt: 900006 }, { "idempotency-key": key });
    await setAge(key, "23 hours 59 minutes");
    expect((await post({ amountUsdt: 900006 }, { "idempotency-key": key })).text).toBe(first.text);
    await setAge(key, "24 hours 1 second");
    const anew = await post({ amountUsdt: 900007 }, { "idempotency-key": key });
    expect(anew.status).toBe(201);
    expect((await post({ amountUsdt: 900007 }, { "idempotency-key": key })).text).toBe(anew.text);
  });

  it("has 1 to 255 printable characters", async () => {
    expect((await post(valid(), { "idempotency-key": "k".repeat(255) })).status).toBe(201);
    for (const key of ["", "k".repeat(256), "schlüssel"]) {
      const answer = await post(valid(), { "idempotency-key": key });
      expect([answer.status, pathsOf(answer)]).toEqual([400, ["Idempotency-Key"]]);
    }
  });
});

describe("rate limits", () => {
  const setMultiplier = (value: string) => {
    process.env.RATE_LIMIT_MULTIPLIER = value;
    resetEnv();
  };
  afterEach(() => setMultiplier("1000"));

  it("are told on every answer, counted per merchant and mode, and end in 429 with Retry-After", async () => {
    const merchant = await createTestMerchant();
    await merchant.addWallet("ethereum");
    setMultiplier("0.03");
    for (const remaining of [2, 1, 0]) {
      // A refused request counts as well.
      const answer = await post(remaining === 1 ? {} : valid(), {}, merchant.testKey);
      expect(answer.status).toBe(remaining === 1 ? 400 : 201);
      expect(answer.headers.get("ratelimit-policy")).toBe('"create";q=3;w=60');
      expect(answer.headers.get("ratelimit")).toMatch(new RegExp(`^"create";r=${remaining};t=\\d+$`));
    }
    const refused = await post(valid(), {}, merchant.testKey);
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited", error: "Too Many Requests" } });
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(120);
    expect(refused.headers.get("ratelimit")).toBe(`"create";r=0;t=${wait}`);
    expect((await post(valid(), {}, merchant.liveKey)).status).toBe(201);
    const third = await createTestMerchant();
    await third.addWallet("ethereum");
    expect((await post(valid(), {}, third.testKey)).status).toBe(201);
    const other = await call("GET", `/invoices/${randomUUID()}`, { key: merchant.testKey });
    expect([other.status, other.headers.get("ratelimit-policy")]).toEqual([404, '"get";q=9;w=60']);
  });

  it("hold for wrong keys per address, and not for right ones from there", async () => {
    setMultiplier("0.1");
    const ask = (ip: string, key: string) => call("GET", "/account", { key, headers: { "x-forwarded-for": ip } });
    for (let i = 0; i < 3; i++) expect((await ask("192.0.2.1", "test_nonsense")).status).toBe(401);
    const refused = await ask("192.0.2.1", "test_nonsense");
    expect([refused.status, refused.body.code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask("192.0.2.2", "test_nonsense")).status).toBe(401);
    expect((await ask("192.0.2.1", stranger.testKey)).status).toBe(200);
  });
});
