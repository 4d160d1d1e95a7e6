import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { PayoutAddressError, UsdtGateway, type WebhookHeaders, WebhookVerificationError, webhooks } from "../src/index";
import { TEST_KEY } from "./script-server";

type Vector = {
  name: string;
  body: string;
  secret: string;
  headers: Record<string, string>;
  nowSeconds: number;
  valid: { xWebhookSignature: boolean; standardWebhooks: boolean };
};
const { vectors, toleranceSeconds } = JSON.parse(
  readFileSync(new URL("../../vectors/webhook-signatures.json", import.meta.url), "utf8"),
) as { vectors: Vector[]; toleranceSeconds: number };

const [genuine] = vectors as [Vector];
const { body, secret, headers } = genuine;
const named = (name: string) => vectors.find((vector) => vector.name.startsWith(name)) as Vector;
const setClock = (seconds: number) => vi.setSystemTime(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  setClock(genuine.nowSeconds);
});
afterEach(() => void vi.useRealTimers());

/** The code with which a webhook is refused, and its message; null where it is believed. */
function refusal(run: () => unknown): { code: string; message: string } | null {
  try {
    run();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookVerificationError);
    const { code, message } = error as WebhookVerificationError;
    return { code, message };
  }
}
const verifies = (...args: Parameters<typeof webhooks.verify>) => refusal(() => webhooks.verify(...args)) === null;
const only = (wanted: RegExp, all: Record<string, string> = headers) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => wanted.test(name)));
const STANDARD = /^webhook-/;
const PLAIN = /^X-Webhook-Signature$/;

describe.each(vectors)("$name", ({ body, secret, headers, nowSeconds, valid }) => {
  beforeEach(() => void setClock(nowSeconds));

  it("by the Standard Webhooks headers, which decide where they are there", () => {
    expect(verifies(body, only(STANDARD, headers), secret)).toBe(valid.standardWebhooks);
    if ("webhook-signature" in headers) expect(verifies(body, headers, secret)).toBe(valid.standardWebhooks);
  });

  it("by X-Webhook-Signature alone", () => {
    expect(verifies(body, only(PLAIN, headers), secret)).toBe(valid.xWebhookSignature);
  });
});

describe("the event", () => {
  it("is the body, typed by its type", () => {
    const event = webhooks.verify(body, headers, secret);
    expect(event).toEqual(JSON.parse(body));
    expectTypeOf(event.type).toEqualTypeOf<"invoice.confirmed" | "invoice.expired" | "invoice.cancelled">();
    if (event.type === "invoice.confirmed") expectTypeOf(event.tx_hash).toEqualTypeOf<string>();
    else expectTypeOf(event.tx_hash).toEqualTypeOf<null>();
  });

  it("has an address of mine, where I said which those are", () => {
    const options = { baseUrl: "https://pay.example.com" };
    const { payout_address } = JSON.parse(body) as { payout_address: string };
    const mine = new UsdtGateway(TEST_KEY, { ...options, payoutAddresses: { tron: payout_address } });
    expect(mine.webhooks.verify(body, headers, secret).payout_address).toBe(payout_address);
    const other = new UsdtGateway(TEST_KEY, { ...options, payoutAddresses: ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"] });
    expect(() => other.webhooks.verify(body, headers, secret)).toThrow(PayoutAddressError);
  });
});

describe("what a server has at hand", () => {
  const text = named("genuine, with text");

  it.each<[string, (body: string) => string | Uint8Array | ArrayBuffer]>([
    ["a string", (value) => value],
    ["a Buffer", (value) => Buffer.from(value)],
    ["a Uint8Array", (value) => new TextEncoder().encode(value)],
    ["a part of a larger array", (value) => Buffer.from(`xx${value}yy`).subarray(2, -2)],
    ["an ArrayBuffer", (value) => new TextEncoder().encode(value).buffer as ArrayBuffer],
  ])("%s as the body", (_what, make) => {
    expect(verifies(make(text.body), text.headers, text.secret)).toBe(true);
  });

  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  it.each<[string, WebhookHeaders]>([
    ["Headers", new Headers(headers)],
    ["Node's headers", lower],
    ["headers in upper case", Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), v]))],
    ["headers as arrays", Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]]))],
    ["a Map", new Map(Object.entries(lower))],
    ["headers without a prototype", Object.assign(Object.create(null), lower)],
    ["X-Webhook-Signature in any case", { "x-wEBHOOK-signature": headers["X-Webhook-Signature"] }],
  ])("%s", (_what, given) => {
    expect(verifies(body, given, secret)).toBe(true);
  });

  it.each([
    ["arrays", (a: string, b: string) => [a, b]],
    ["a comma", (a: string, b: string) => `${a}, ${b}`],
    ["another version beside", (a: string, b: string) => `v1a,${"A".repeat(86)}== ${a} v2,x ${b}`],
  ])("two signatures, with %s", (_what, join) => {
    const rotation = named("rotation: the receiver still has the old secret");
    const [a = "", b = ""] = String(rotation.headers["webhook-signature"]).split(" ");
    expect(verifies(body, { ...rotation.headers, "webhook-signature": join(a, b) }, rotation.secret)).toBe(true);
  });

  it("several secrets, while the receiver rotates", () => {
    const old = named("rotation: the receiver still has the old secret").secret;
    expect(verifies(body, headers, [old, secret])).toBe(true);
    expect(verifies(body, only(PLAIN), [old, secret])).toBe(true);
    expect(verifies(body, headers, [old])).toBe(false);
  });

  it("a secret that was copied with a line break", () => {
    expect(verifies(body, headers, `${secret}\n`)).toBe(true);
  });

  it("more tolerance, or less", () => {
    const late = genuine.nowSeconds - 1 + toleranceSeconds + 100;
    setClock(late);
    expect(verifies(body, headers, secret, { toleranceSeconds: toleranceSeconds + 100 })).toBe(true);
    expect(verifies(body, headers, secret, { toleranceSeconds: Number.POSITIVE_INFINITY })).toBe(true);
    expect(verifies(body, headers, secret, { toleranceSeconds: 10 })).toBe(false);
    expect(verifies(body, headers, secret, { toleranceSeconds: Number.NaN })).toBe(false);
  });
});

describe("the message names the mistake", () => {
  const parsed = JSON.parse(body) as unknown;
  const spaced = JSON.stringify(parsed, null, 2);
  const { "webhook-timestamp": _time, ...noTime } = headers;

  it.each<[string, unknown, unknown, unknown, string, RegExp]>([
    ["the body was parsed", parsed, headers, secret, "body_parsed", /parsed before.*express\.raw.*request\.text\(\)/],
    ["it was printed again", spaced, headers, secret, "body_changed", /parsed and printed again.*express\.raw/],
    ["the same, by our own header", spaced, only(PLAIN), secret, "body_changed", /printed again/],
    ["it was read before", "", headers, secret, "body_missing", /read before/],
    ["it was never read", undefined, headers, secret, "body_missing", /empty/],
    ["the secret is another", body, headers, "whsec_AAAA", "signature_mismatch", /secret is another.*rotated/],
    ["the secret is not set", body, headers, undefined, "secret_missing", /environment variable/],
    ["one of them is not set", body, headers, [secret, undefined], "secret_missing", /environment variable/],
    ["the secret is an API key", body, headers, TEST_KEY, "secret_invalid", /API key/],
    ["the secret is cut", body, headers, secret.slice(6), "secret_invalid", /whole/],
    ["there are no headers", body, undefined, secret, "headers_missing", /verify\(rawBody, headers, secret\)/],
    ["they are empty", body, {}, secret, "headers_missing", /webhook-signature and X-Webhook-Signature/],
    ["one is missing", body, only(STANDARD, noTime), secret, "headers_missing", /no webhook-timestamp/],
    ["the id is odd", body, { ...headers, "webhook-id": "a.b" }, secret, "headers_invalid", /webhook-id/],
    ["one is odd", body, { ...headers, "webhook-timestamp": "now" }, secret, "headers_invalid", /timestamp/],
  ])("%s", (_what, givenBody, givenHeaders, givenSecret, code, message) => {
    const args = [givenBody, givenHeaders, givenSecret] as Parameters<typeof webhooks.verify>;
    const refused = refusal(() => webhooks.verify(...args));
    expect(refused?.code).toBe(code);
    expect(refused?.message).toMatch(message);
    if (String(givenSecret).length > 10) expect(refused?.message).not.toContain(String(givenSecret));
  });

  it("the time is over, or not yet come", () => {
    const over = named("replayed: older");
    setClock(over.nowSeconds);
    expect(refusal(() => webhooks.verify(body, headers, secret))).toMatchObject({ code: "timestamp_too_old" });
    expect(refusal(() => webhooks.verify(body, headers, secret))?.message).toMatch(
      /301 s ago.*clock.*toleranceSeconds/,
    );
    setClock(named("from the future").nowSeconds);
    expect(refusal(() => webhooks.verify(body, headers, secret))).toMatchObject({ code: "timestamp_in_future" });
  });
});

it("what was signed cannot be divided in another way", () => {
  const [id = "", time = ""] = [headers["webhook-id"], headers["webhook-timestamp"]];
  const inner = JSON.stringify({ type: "invoice.confirmed" });
  const outer = `{"metadata":"${time}.${inner}`;
  const signature = createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`${id}.${time}.${outer}`);
  const divided = {
    "webhook-id": `${id}.${time}.{"metadata":"`,
    "webhook-timestamp": time,
    "webhook-signature": `v1,${signature.digest("base64")}`,
  };
  expect(refusal(() => webhooks.verify(inner, divided, secret))?.code).toBe("headers_invalid");
});

it("no other spelling of a signature passes", () => {
  const hex = headers["X-Webhook-Signature"] ?? "";
  const v1 = headers["webhook-signature"] ?? "";
  for (const odd of [hex.toUpperCase(), `sha256=${hex}`, `${hex}00`, hex.slice(0, -1), "0".repeat(64)]) {
    expect(verifies(body, { "X-Webhook-Signature": odd }, secret)).toBe(false);
  }
  for (const odd of [v1.slice(3), `v2${v1.slice(2)}`, `${v1}A`, "v1,", `xv1${v1.slice(2)}`]) {
    expect(verifies(body, { ...only(STANDARD), "webhook-signature": odd }, secret)).toBe(false);
  }
  // The key of one header does not sign for the other.
  const crossed = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(body)
    .digest("hex");
  expect(verifies(body, { "X-Webhook-Signature": crossed }, secret)).toBe(false);
});
