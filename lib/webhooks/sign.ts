/** How a webhook is signed: our own header, and beside it the Standard Webhooks trio. */
import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";

/** The `context` of a merchant's webhook secrets where they are encrypted: see lib/crypto. */
export const secretContext = (merchantId: string) => `merchant:${merchantId}:webhook`;

/** The headers that `signWebhook` gives. */
export interface SignatureHeaders {
  "X-Webhook-Signature": string;
  "webhook-id": string;
  "webhook-timestamp": string;
  "webhook-signature": string;
}

/** What is signed, and with what. */
export interface SignWebhookInput {
  /** The exact body that is sent. */
  body: string;
  /** `whsec_…`, the current secret first; after it the previous one while a rotation's grace period lasts. */
  secrets: readonly string[];
  /** The delivery's UUID, the same on every attempt. */
  deliveryId: string;
  /** When this attempt is sent, in seconds since 1970. */
  timestampSeconds: number;
}

/**
 * Signs one attempt.
 *
 * - `X-Webhook-Signature`: bare lower-case hex HMAC-SHA256 of the body, keyed with the current secret as it is shown,
 *   `whsec_` included, so that `createHmac("sha256", secret).update(body).digest("hex")` verifies it.
 * - `webhook-signature`: per secret `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`, keyed with the bytes that
 *   the base64 after `whsec_` stands for, separated by spaces.
 *   Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @throws Error when there is no secret, one is not of the form `whsec_` + base64, or the time is not a whole number.
 */
export function signWebhook({ body, secrets, deliveryId, timestampSeconds }: SignWebhookInput): SignatureHeaders {
  const current = secrets[0];
  if (current === undefined) throw new Error("A webhook cannot be signed without a secret");
  if (!Number.isSafeInteger(timestampSeconds)) throw new Error("timestampSeconds must be a whole number");
  const signed = `${deliveryId}.${timestampSeconds}.${body}`;
  const signatures = secrets.map((secret) => {
    return `v1,${createHmac("sha256", keyOf(secret)).update(signed, "utf8").digest("base64")}`;
  });
  return {
    "X-Webhook-Signature": createHmac("sha256", current).update(body, "utf8").digest("hex"),
    "webhook-id": deliveryId,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}

/** A new secret: `whsec_` and the base64 of 32 random bytes, 50 characters in all. */
export function generateWebhookSecret(): string {
  return PREFIX + randomBytes(32).toString("base64");
}

function keyOf(secret: string): Buffer {
  const encoded = secret.slice(PREFIX.length);
  // Buffer.from skips what is not base64 without a word, which would sign with a key nobody else has.
  if (!secret.startsWith(PREFIX) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new Error("A webhook secret must be whsec_ followed by base64");
  }
  return Buffer.from(encoded, "base64");
}
