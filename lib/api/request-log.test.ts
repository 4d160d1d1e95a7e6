import { describe, expect, it } from "vitest";
import { newApiKey } from "@/lib/api-keys/service";
import { generateWebhookSecret } from "@/lib/webhooks/sign";
import { maskSecrets } from "./request-log";

describe("maskSecrets", () => {
  it("hides every API key and webhook secret, wherever it stands, and says of which kind it was", () => {
    for (let i = 0; i < 200; i++) {
      for (const secret of [newApiKey("test").key, newApiKey("live").key, generateWebhookSecret()]) {
        const kind = secret.split("_")[0];
        for (const [before, after] of [
          ["", ""],
          ["Bearer ", "\n"],
          ['{"x":"', '"}'],
          ["/path?key=", "&a=b"],
          ["(", ")"],
        ]) {
          expect(maskSecrets(`${before}${secret}${after}`)).toBe(`${before}${kind}_[masked]${after}`);
        }
        expect(maskSecrets(`${secret} ${secret}`)).toBe(`${kind}_[masked] ${kind}_[masked]`);
      }
    }
  });

  it("hides a webhook secret whose slashes are written as \\/, as PHP writes JSON", () => {
    const secret = `whsec_${"Ab/".repeat(14)}A=`;
    expect(maskSecrets(JSON.stringify({ note: secret }).replaceAll("/", "\\/"))).toBe('{"note":"whsec_[masked]"}');
  });

  it.each(["password", "secret", "apiKey", "token", "authorization", "Password", "TOKEN"])(
    "hides the value of a field named %s, escapes included, and nothing after it",
    (name) => {
      expect(maskSecrets(`{"${name}" : "a\\"b\\\\","other":"kept"}`)).toBe(`{"${name}" : "[masked]","other":"kept"}`);
      expect(maskSecrets(JSON.stringify({ list: [{ [name]: "hunter2" }] }))).not.toContain("hunter2");
    },
  );

  it("hides the capability to cancel", () => {
    const url = "https://pay.example.com/ORDER-1/cancel?token=";
    expect(maskSecrets(`{"cancelUrl":"${url}abc_DEF-123","x":1}`)).toBe(`{"cancelUrl":"${url}[masked]","x":1}`);
  });

  it.each([
    '{"reference":"test_order","title":"live_stream"}',
    "contest_aaaaaaaaaaaaaaaaaaaaaaaa",
    '{"amountUsdt":"150.0000","assetCode":"USDT_TRC20"}',
    "/api/v1/invoices/550e8400-e29b-41d4-a716-446655440000",
    "",
  ])("leaves %s as it is", (text) => expect(maskSecrets(text)).toBe(text));

  it("takes no longer for hostile text", () => {
    const started = performance.now();
    for (const piece of ['"token":"', "test_", '"password":"\\', "/cancel?token="]) maskSecrets(piece.repeat(10_000));
    expect(performance.now() - started).toBeLessThan(500);
  });
});
