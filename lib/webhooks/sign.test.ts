/**
 * The fixed values were computed with Python, not with the code under test:
 *
 *   import hmac, hashlib, base64
 *   hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()                                        # X-Webhook-Signature
 *   key = base64.b64decode(secret[6:])
 *   base64.b64encode(hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest())     # after "v1,"
 *
 * with `body` in UTF-8 and the secrets `whsec_` + base64 of bytes 0…31 and of 255…224.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { describe, expect, it } from "vitest";
import { generateWebhookSecret, signWebhook } from "./sign";

const body = '{"invoice_reference":"ORDER-12345","status":"confirmed","metadata":{"note":"žluťoučký 🐴"}}';
const current = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const previous = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
const deliveryId = "3f0c6a54-6d2f-4f5e-9a43-0d8f6c1b2a77";
const timestampSeconds = 1_705_329_120;

const currentHex = "c92287fea034e5da653e956b5f9720ebdcebf83b0542ac3c40f6f46d7e49c3f8";
const currentV1 = "v1,Arg2KauHrr06iKshNZGLjJTplEsjomM7SmShBgUWakQ=";
const previousV1 = "v1,RTOlmkFJdZVzKGufk4F8LgoahNhQXkN6V+LBuI6NI7Q=";

describe("signWebhook", () => {
  it("gives the signatures that Python computes", () => {
    expect(signWebhook({ body, secrets: [current], deliveryId, timestampSeconds })).toEqual({
      "X-Webhook-Signature": currentHex,
      "webhook-id": deliveryId,
      "webhook-timestamp": "1705329120",
      "webhook-signature": currentV1,
    });
  });

  it("signs with both secrets during a rotation, and X-Webhook-Signature with the first only", () => {
    const headers = signWebhook({ body, secrets: [current, previous], deliveryId, timestampSeconds });
    expect(headers["webhook-signature"]).toBe(`${currentV1} ${previousV1}`);
    expect(headers["X-Webhook-Signature"]).toBe(currentHex);
    const turned = signWebhook({ body, secrets: [previous, current], deliveryId, timestampSeconds });
    expect(turned["webhook-signature"]).toBe(`${previousV1} ${currentV1}`);
    expect(turned["X-Webhook-Signature"]).toBe("7721204b55472fbb46ea57f48c53efc1db6af20194aa832b2c739684058c97c1");
  });

  it("agrees with the example that the Standard Webhooks libraries test with", () => {
    const headers = signWebhook({
      body: '{"test": 2432232314}',
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
      deliveryId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestampSeconds: 1_614_265_330,
    });
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("is verified by the documented receiver, which serializes the parsed body again", () => {
    // The example of the documentation, as it is written there.
    function verifySignature(body: unknown, signature: string, secret: string) {
      const expected = createHmac("sha256", secret).update(JSON.stringify(body)).digest("hex");

      return timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
    }
    const secret = generateWebhookSecret();
    const { "X-Webhook-Signature": signature } = signWebhook({ body, secrets: [secret], deliveryId, timestampSeconds });
    expect(verifySignature(JSON.parse(body), signature, secret)).toBe(true);
    expect(verifySignature({ ...JSON.parse(body), status: "expired" }, signature, secret)).toBe(false);
    expect(verifySignature(JSON.parse(body), signature, generateWebhookSecret())).toBe(false);
  });

  it.each([
    ["no secret", []],
    ["no prefix", ["AAECAwQFBgc="]],
    ["nothing after the prefix", ["whsec_"]],
    ["what is not base64", ["whsec_not base64!"]],
    ["a bad second secret", [current, "old"]],
  ])("refuses to sign with %s", (_what, secrets) => {
    expect(() => signWebhook({ body, secrets, deliveryId, timestampSeconds })).toThrow();
  });

  it.each([Number.NaN, 1.5, Number.POSITIVE_INFINITY])("refuses the time %s", (seconds) => {
    expect(() => signWebhook({ body, secrets: [current], deliveryId, timestampSeconds: seconds })).toThrow();
  });
});

describe("generateWebhookSecret", () => {
  it("is whsec_ and the base64 of 32 bytes, different each time", () => {
    const secrets = Array.from({ length: 100 }, generateWebhookSecret);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(Buffer.from(secret.slice(6), "base64")).toHaveLength(32);
    }
    expect(new Set(secrets).size).toBe(100);
  });
});
