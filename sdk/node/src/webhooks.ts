import { createHmac, timingSafeEqual } from "node:crypto";
import { type WebhookErrorCode, WebhookVerificationError } from "./errors.js";
import type { AddressCheck } from "./payout-addresses.js";
import type { AssetCode, Network, WebhookEvent } from "./types.js";

/** A request's headers: a `Headers`, or Node's object, whatever the case of the names. */
export type WebhookHeaders =
  | { get(name: string): string | null | undefined }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far `webhook-timestamp` may be from this machine's clock. Default 300. */
  toleranceSeconds?: number;
}

/** Verifies webhooks. */
export interface Webhooks {
  /**
   * Tells a genuine webhook from any other. Checks `webhook-signature` (Standard Webhooks: with the time, and both secrets while
   * one is being rotated) where the request has it, else `X-Webhook-Signature`.
   * @param rawBody the bytes as they came: neither parsed nor printed again.
   * @param secret `whsec_…` as the dashboard shows it, or several of them.
   * @throws {WebhookVerificationError} whose message names the likely mistake. Answer 400.
   */
  verify(
    rawBody: string | Uint8Array | ArrayBuffer,
    headers: WebhookHeaders,
    secret: string | readonly string[] | undefined,
    options?: VerifyOptions,
  ): WebhookEvent;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
const NETWORK: Record<AssetCode, Network> = { USDT_TRC20: "tron", USDT_ERC20: "ethereum", USDT_BSC: "bsc" };
const RAW_BODY =
  'Give verify the raw body: in Express express.raw({ type: "application/json" }) on this route, before any express.json(); in Next.js await request.text().';

/** @param check throws unless the event's address is the merchant's own. */
export function createWebhooks(check: AddressCheck): Webhooks {
  return {
    verify(rawBody, headers, secret, { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = {}) {
      const body = bytesOf(rawBody);
      verifySignature(body, headers, secretsOf(secret), toleranceSeconds);
      const event = JSON.parse(body.toString("utf8")) as WebhookEvent;
      check({ network: NETWORK[event.asset_code], payoutAddress: event.payout_address, invoiceId: event.invoice_id });
      return event;
    },
  };
}

function verifySignature(body: Buffer, headers: WebhookHeaders, secrets: string[], toleranceSeconds: number): void {
  const [id, timestamp, standard, plain] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-webhook-signature",
  ].map((name) => headerOf(headers, name));
  // Where it can be checked that the webhook is a new one, it is.
  if (id && timestamp && standard) {
    // With a dot in the id, what is signed could be divided in another way.
    if (!/^[\w-]+$/.test(id)) throw failure("headers_invalid", "webhook-id is not an id.");
    checkTime(timestamp, toleranceSeconds);
    const keys = secrets.map((secret) => Buffer.from(secret.slice("whsec_".length), "base64"));
    // "v1,… v1,…"; another version's are not ours to check. Proxies may join what was several headers with commas.
    const given = [...standard.matchAll(/(?:^|[\s,])v1,([A-Za-z0-9+/=]+)/g)].map((match) => match[1] ?? "");
    const matches = (content: Buffer) => {
      const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), content]);
      return anyEqual(
        given,
        keys.map((key) => createHmac("sha256", key).update(signed).digest("base64")),
      );
    };
    if (!matches(body)) throw mismatch(body, matches);
    return;
  }
  if (plain) {
    const matches = (content: Buffer) =>
      anyEqual(
        [plain],
        secrets.map((secret) => createHmac("sha256", secret).update(content).digest("hex")),
      );
    if (!matches(body)) throw mismatch(body, matches);
    return;
  }
  const missing = standard ? (id ? "webhook-timestamp" : "webhook-id") : "webhook-signature and X-Webhook-Signature";
  throw failure(
    "headers_missing",
    `The request has no ${missing}. Give verify the headers of the request, all of them; a proxy in front of you may have removed some. If they never were there, this is not from the gateway.`,
  );
}

function checkTime(timestamp: string, toleranceSeconds: number): void {
  if (!/^\d{1,12}$/.test(timestamp)) throw failure("headers_invalid", "webhook-timestamp is not a number of seconds.");
  const ageSeconds = Math.floor(Date.now() / 1000) - Number(timestamp);
  if (Math.abs(ageSeconds) <= toleranceSeconds) return;
  const cure =
    "Is this machine's clock right? Every attempt is signed anew, so a late one is not too old; { toleranceSeconds } allows more.";
  if (ageSeconds > 0) {
    throw failure(
      "timestamp_too_old",
      `The webhook was signed ${ageSeconds} s ago, more than the ${toleranceSeconds} s allowed. ${cure}`,
    );
  }
  throw failure(
    "timestamp_in_future",
    `The webhook was signed ${-ageSeconds} s in the future, more than the ${toleranceSeconds} s allowed. ${cure}`,
  );
}

/** Whether any of the signatures given is any of those expected; compares them all, each in constant time. */
function anyEqual(given: string[], expected: string[]): boolean {
  let found = false;
  for (const one of given) {
    for (const other of expected) {
      const [a, b] = [Buffer.from(one), Buffer.from(other)];
      if (a.length === b.length && timingSafeEqual(a, b)) found = true;
    }
  }
  return found;
}

/** The gateway sends what JSON.stringify prints: if that is what was signed, the body was changed on its way to us. */
function mismatch(body: Buffer, matches: (content: Buffer) => boolean): WebhookVerificationError {
  let printed: string | undefined;
  try {
    printed = JSON.stringify(JSON.parse(body.toString("utf8")));
  } catch {
    // It was not even JSON.
  }
  if (printed !== undefined && matches(Buffer.from(printed))) {
    return failure(
      "body_changed",
      `The body is not the one that was signed, but was parsed and printed again. ${RAW_BODY}`,
    );
  }
  return failure(
    "signature_mismatch",
    `No signature matches. Most likely the secret is another one: compare it with Webhooks in the dashboard; it changes when it is rotated. Or the body was changed. ${RAW_BODY} Otherwise this is not from the gateway.`,
  );
}

function bytesOf(body: unknown): Buffer {
  const bytes =
    typeof body === "string"
      ? Buffer.from(body, "utf8")
      : body instanceof Uint8Array
        ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
        : body instanceof ArrayBuffer
          ? Buffer.from(body)
          : null;
  if (bytes && bytes.length > 0) return bytes;
  if (bytes || body === undefined || body === null) {
    throw failure("body_missing", `The body is empty: was it read before, by a body parser? ${RAW_BODY}`);
  }
  throw failure("body_parsed", `The body was parsed before it was verified. ${RAW_BODY}`);
}

function secretsOf(secret: unknown): string[] {
  const secrets = [secret].flat().map((one) => (typeof one === "string" ? one.trim() : ""));
  if (secrets.length === 0 || secrets.includes("")) {
    throw failure(
      "secret_missing",
      "The webhook secret is missing. Is the environment variable that holds it set? The dashboard shows it under Webhooks.",
    );
  }
  for (const one of secrets) {
    if (/^(test|live)_/.test(one)) {
      throw failure(
        "secret_invalid",
        "This is an API key, not the webhook secret: give the one that begins with whsec_.",
      );
    }
    if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(one)) {
      throw failure("secret_invalid", "The webhook secret must be whole: whsec_ and all that follows it.");
    }
  }
  return secrets;
}

/** The header's value, or "" without one. */
function headerOf(headers: unknown, name: string): string {
  if (typeof headers !== "object" || headers === null) {
    throw failure("headers_missing", "The headers are missing: verify(rawBody, headers, secret).");
  }
  if (typeof (headers as { get?: unknown }).get === "function") {
    return String((headers as { get(name: string): unknown }).get(name) ?? "").trim();
  }
  const values = Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value as unknown)
    .filter((value): value is string => typeof value === "string");
  return values.join(" ").trim();
}

const failure = (code: WebhookErrorCode, message: string) => new WebhookVerificationError(code, message);
