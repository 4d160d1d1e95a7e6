import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkSignature } from "./check-signature";
import { generateWebhookSecret, signWebhook } from "./sign";

const secret = generateWebhookSecret();
const body = JSON.stringify({
  invoice_reference: "ORDER-1",
  merchant_id: "m",
  status: "confirmed",
  metadata: { note: "5 € / <b>", "2": 1, b: [1, 2] },
  event_id: "e-1",
});
const deliveryId = "01900000-0000-7000-8000-000000000001";
const nowSeconds = 1_705_329_000;

const sign = (overrides: Partial<Parameters<typeof signWebhook>[0]> = {}) =>
  signWebhook({ body, secrets: [secret], deliveryId, timestampSeconds: nowSeconds, ...overrides });
const lines = (headers: object) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
const hex = (key: string | Buffer, text = body) => createHmac("sha256", key).update(text).digest("hex");
const base64 = (key: string | Buffer, text = body) => createHmac("sha256", key).update(text).digest("base64");
const decoded = Buffer.from(secret.slice(6), "base64");

async function codes(given: {
  body?: string;
  headers?: string;
  secret?: string;
  sentBody?: string;
  nowSeconds?: number;
}) {
  const input = { body, headers: lines(sign()), secret, nowSeconds, ...given };
  return (await checkSignature(input)).map((finding) => finding.code);
}
const first = async (given: Parameters<typeof codes>[0]) => (await codes(given))[0];

describe("a genuine webhook", () => {
  it("fits by both headers, however the lines are written", async () => {
    expect(await codes({})).toEqual(["ok_simple", "ok_standard"]);
    const { "X-Webhook-Signature": signature } = sign();
    for (const headers of [
      signature,
      `x-webhook-signature:${signature}`,
      `"X-Webhook-Signature": "${signature}",`,
      `HTTP_X_WEBHOOK_SIGNATURE=${signature}`,
    ]) {
      expect(await codes({ headers }), headers).toEqual(["ok_simple"]);
    }
  });

  it("fits with metadata whose keys JavaScript would reorder and characters that others escape", async () => {
    const odd = '{"invoice_reference":"A","metadata":{"b":1,"a":"\\u2028é/"}}';
    expect(await codes({ body: odd, headers: lines(sign({ body: odd })) })).toEqual(["ok_simple", "ok_standard"]);
  });
});

describe("mistakes with the secret", () => {
  it.each([
    ["decoded_secret", () => hex(decoded)],
    ["prefix_missing", () => hex(secret.slice(6))],
  ])("%s: what the receiver computed shows it", async (code, computed) => {
    expect(await first({ headers: `X-Webhook-Signature: ${computed()}` })).toBe(code);
  });

  it("undecoded_secret: webhook-signature keyed with the text", async () => {
    const headers = { ...sign(), "webhook-signature": `v1,${base64(secret, `${deliveryId}.${nowSeconds}.${body}`)}` };
    const { "X-Webhook-Signature": _, ...standard } = headers;
    expect(await first({ headers: lines(standard) })).toBe("undecoded_secret");
  });

  it("prefix_missing: the secret was stored without whsec_", async () => {
    expect(await first({ secret: secret.slice(6), headers: sign()["X-Webhook-Signature"] })).toBe("prefix_missing");
  });

  it("white space around it, another one, an API key, none", async () => {
    expect(await codes({ secret: `${secret}\n` })).toEqual(["ok_simple", "ok_standard", "secret_white_space"]);
    expect(await codes({ secret: generateWebhookSecret() })).toEqual(["wrong_secret"]);
    expect(await codes({ secret: "test_abcdefghijklmnop" })).toEqual(["not_a_secret"]);
    expect(await codes({ secret: " " })).toEqual(["no_secret"]);
  });

  it("previous_secret: in a rotation's grace period", async () => {
    const fresh = generateWebhookSecret();
    const headers = lines(sign({ secrets: [fresh, secret] }));
    expect(await codes({ headers })).toContain("previous_secret");
    expect(await codes({ headers, secret: fresh })).toEqual(["ok_simple", "ok_standard"]);
  });
});

describe("mistakes with the body", () => {
  const sorted = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).sort()));
  it.each([
    ["reserialized", JSON.stringify(JSON.parse(body), null, 2)],
    ["reserialized", body.replaceAll(",", ", ").replaceAll(":", ": ")],
    ["reserialized", body.replace("€", "\\u20ac").replaceAll("/", "\\/")],
    ["reserialized", sorted],
    ["trailing_newline", `${body}\n`],
    ["trailing_newline", `${body}\r\n`],
    ["bom", `\uFEFF${body}`],
    ["white_space", `  ${body} `],
  ])("%s", async (code, changed) => {
    expect(await codes({ body: changed })).toEqual([code]);
  });

  it("other_body: compared with the bytes that were sent, it says where they part", async () => {
    const changed = body.replace("confirmed", "CONFIRMED");
    const [finding] = await checkSignature({
      body: changed,
      headers: lines(sign()),
      secret,
      sentBody: body,
      nowSeconds,
    });
    expect(finding).toMatchObject({ code: "other_body", level: "mistake" });
    expect(finding?.advice).toContain(`character ${body.indexOf("confirmed") + 1}`);
  });

  it("other_delivery: headers and body of two requests", async () => {
    const other = body.replace("ORDER-1", "ORDER-2").replace("e-1", "e-2");
    expect(await first({ body: other, headers: `${lines(sign())}\nX-Invoice-Reference: ORDER-1` })).toBe(
      "other_delivery",
    );
    expect(await first({ body: other, sentBody: body })).toBe("other_delivery");
    expect(await first({ body: "" })).toBe("no_body");
  });
});

describe("mistakes with the signature", () => {
  it.each([
    ["upper_case", () => hex(secret).toUpperCase()],
    ["base64_for_hex", () => base64(secret)],
    ["prefixed", () => `sha256=${hex(secret)}`],
    ["signed_content", () => hex(secret, `${nowSeconds}.${body}`)],
  ])("%s", async (code, computed) => {
    const headers = `X-Webhook-Signature: ${computed()}\nwebhook-timestamp: ${nowSeconds}`;
    expect(await first({ headers })).toBe(code);
  });

  it.each([
    ["hex_for_base64", () => hex(decoded, `${deliveryId}.${nowSeconds}.${body}`)],
    ["signed_content", () => base64(decoded)],
    [
      "base64_url",
      () => createHmac("sha256", decoded).update(`${deliveryId}.${nowSeconds}.${body}`).digest("base64url"),
    ],
  ])("%s in webhook-signature", async (code, computed) => {
    const headers = lines({
      "webhook-id": deliveryId,
      "webhook-timestamp": nowSeconds,
      "webhook-signature": `v1,${computed()}`,
    });
    expect(await first({ headers })).toBe(code);
  });

  it("several at once are all named", async () => {
    const headers = `X-Webhook-Signature: ${base64(decoded)}`;
    expect(await codes({ headers, body: `${body}\n` })).toEqual([
      "trailing_newline",
      "decoded_secret",
      "base64_for_hex",
    ]);
  });

  it("timestamp_old: libraries refuse what is older than five minutes", async () => {
    expect(await codes({ nowSeconds: nowSeconds + 3600 })).toEqual(["ok_simple", "ok_standard", "timestamp_old"]);
    expect(await codes({ nowSeconds: nowSeconds + 200 })).toEqual(["ok_simple", "ok_standard"]);
  });

  it("says what is lacking where headers are", async () => {
    expect(await codes({ headers: "" })).toEqual(["no_signature"]);
    expect(await codes({ headers: `webhook-signature: ${sign()["webhook-signature"]}` })).toEqual(["headers_missing"]);
  });

  it("never fails, whatever is pasted", async () => {
    for (const text of ["\0", "\ud800", "{", "v1,", "x".repeat(10_000), "=", ":"]) {
      expect((await codes({ body: text, headers: text, secret: text })).length).toBeGreaterThan(0);
    }
  });
});
