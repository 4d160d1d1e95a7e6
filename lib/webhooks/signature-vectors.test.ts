/**
 * sdk/vectors/webhook-signatures.json: what every verifier of our webhooks is held against, ours in the SDK and the samples of
 * the documentation in other languages. It is made here, with the code that signs; `npx vitest run -u` on this file rewrites it.
 */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { WEBHOOK_EXAMPLE } from "@/lib/api/examples";
import { type SignWebhookInput, signWebhook } from "./sign";

const FILE = fileURLToPath(new URL("../../sdk/vectors/webhook-signatures.json", import.meta.url));

// base64 of bytes 0…31, of 255…224, and of 32 times 42.
const current = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const previous = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
const foreign = "whsec_KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=";
const deliveryId = "3f0c6a54-6d2f-4f5e-9a43-0d8f6c1b2a77";
const otherId = "9d6c1d2a-51a7-4f0e-8d3b-7e0f2b4c6a88";
const at = 1_705_329_120;
const TOLERANCE_SECONDS = 300;

const example = WEBHOOK_EXAMPLE as Record<string, unknown>;
const plain = JSON.stringify(example);
const withMetadata = (metadata: unknown) => JSON.stringify({ ...example, metadata });
const unicode = withMetadata({
  note: "žluťoučký 🐴",
  html: "</script>&",
  quote: '"\\\n\t',
  line: "\u2028",
  nul: "\u0000",
});
const order = withMetadata({ "10": 1, "2": [1, 2.5, -0.001, 1e21], b: null, a: { "": true } });

type Vector = {
  name: string;
  /** What the receiver has: the raw body, its secret, the request's headers and its clock. */
  body: string;
  secret: string;
  headers: Record<string, string>;
  nowSeconds: number;
  /** What each of the two ways to verify must say. */
  valid: { xWebhookSignature: boolean; standardWebhooks: boolean };
};

function sent(input: Partial<SignWebhookInput> = {}): Record<string, string> {
  const signed = signWebhook({ body: plain, secrets: [current], deliveryId, timestampSeconds: at, ...input });
  return {
    "Content-Type": "application/json",
    ...signed,
    "X-Webhook-Id": signed["webhook-id"],
    "X-Invoice-Reference": String(example.invoice_reference),
  };
}

const yes = { xWebhookSignature: true, standardWebhooks: true };
const no = { xWebhookSignature: false, standardWebhooks: false };
const base = { body: plain, secret: current, headers: sent(), nowSeconds: at + 1, valid: yes };
const genuine = sent();
const cut = {
  ...genuine,
  "X-Webhook-Signature": genuine["X-Webhook-Signature"]?.slice(0, 32) ?? "",
  "webhook-signature": "v1,",
};
const { "X-Webhook-Signature": _hex, "webhook-signature": _v1, ...unsigned } = genuine;

const VECTORS: Vector[] = [
  { ...base, name: "genuine" },
  { ...base, name: "genuine, with text of every kind", body: unicode, headers: sent({ body: unicode }) },
  { ...base, name: "genuine, with keys and numbers of every kind", body: order, headers: sent({ body: order }) },
  { ...base, name: "genuine, at the edge of the tolerance", nowSeconds: at + TOLERANCE_SECONDS },
  { ...base, name: "genuine, from a clock that is a little ahead", nowSeconds: at - 60 },
  { ...base, name: "rotation: the receiver has the new secret", headers: sent({ secrets: [current, previous] }) },
  {
    ...base,
    name: "rotation: the receiver still has the old secret",
    secret: previous,
    headers: sent({ secrets: [current, previous] }),
    valid: { xWebhookSignature: false, standardWebhooks: true },
  },
  { ...base, name: "forged: signed with another secret", headers: sent({ secrets: [foreign] }), valid: no },
  { ...base, name: "forged: the amount was changed", body: plain.replace("150.0000", "950.0000"), valid: no },
  { ...base, name: "forged: a byte was added", body: `${plain}\n`, valid: no },
  { ...base, name: "forged: the body is empty", body: "", valid: no },
  { ...base, name: "forged: the signatures are cut", headers: cut, valid: no },
  { ...base, name: "forged: there is no signature", headers: unsigned, valid: no },
  {
    ...base,
    name: "forged: the id was changed",
    headers: { ...genuine, "webhook-id": otherId, "X-Webhook-Id": otherId },
    valid: { xWebhookSignature: true, standardWebhooks: false },
  },
  {
    ...base,
    name: "replayed: older than the tolerance",
    nowSeconds: at + TOLERANCE_SECONDS + 1,
    valid: { xWebhookSignature: true, standardWebhooks: false },
  },
  {
    ...base,
    name: "from the future: further ahead than the tolerance",
    nowSeconds: at - TOLERANCE_SECONDS - 1,
    valid: { xWebhookSignature: true, standardWebhooks: false },
  },
  {
    ...base,
    name: "replayed: with a new timestamp",
    headers: { ...genuine, "webhook-timestamp": String(at + 3600) },
    nowSeconds: at + 3600,
    valid: { xWebhookSignature: true, standardWebhooks: false },
  },
];

it("the vectors are what the gateway signs", async () => {
  expect(new Set(VECTORS.map(({ name }) => name)).size).toBe(VECTORS.length);
  // The receiver that parses and prints again gets the same bytes wherever the gateway is the sender.
  for (const { body, valid } of VECTORS)
    if (valid.xWebhookSignature) expect(JSON.stringify(JSON.parse(body))).toBe(body);
  const file = {
    about:
      "Signed webhooks, genuine and not. body, secret, headers and nowSeconds are what a receiver has; valid says what each of the two ways to verify must find. xWebhookSignature: X-Webhook-Signature is the lower-case hex HMAC-SHA256 of the body, keyed with the secret as it is shown. standardWebhooks: the webhook-id, webhook-timestamp and webhook-signature headers by the Standard Webhooks specification, with the tolerance given here.",
    toleranceSeconds: TOLERANCE_SECONDS,
    vectors: VECTORS.map(({ name, ...rest }) => ({ name, ...rest })),
  };
  await expect(`${JSON.stringify(file, null, 2)}\n`).toMatchFileSnapshot(FILE);
});
