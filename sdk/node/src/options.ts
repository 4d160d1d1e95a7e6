import { ConfigurationError } from "./errors.js";
import type { PayoutAddressList } from "./payout-addresses.js";
import type { Mode } from "./types.js";

/** Like the global `fetch`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** How to reach your gateway. */
export interface UsdtGatewayOptions {
  /** Your gateway's URL, such as `https://pay.example.com`. With or without `/api/v1`. */
  baseUrl: string | undefined;
  /** For each request, its answer included. Default 30000. */
  timeoutMs?: number;
  /** How often a request that failed is made again, where that is safe. Default 2. */
  maxRetries?: number;
  /** In place of the global `fetch`: for a proxy, or in tests. */
  fetch?: Fetch;
  /**
   * Your own wallets. If an invoice or a webhook names any other address, the call throws a PayoutAddressError instead of
   * giving you an address that is not yours. A list, or for each network one address or a list; then a network that is left
   * out is refused.
   */
  payoutAddresses?: PayoutAddressList;
}

/** Of a single call. */
export interface RequestOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** In place of the client's. */
  timeoutMs?: number;
  /** In place of the client's. */
  maxRetries?: number;
}

/** Of a call that creates. */
export interface CreateOptions extends RequestOptions {
  /**
   * The same key and request within 24 hours give the same invoice. Without it every call has one of its own, so that its
   * retries cannot create twice. Give your order's id to make it safe that you call twice.
   */
  idempotencyKey?: string;
}

/** @throws {ConfigurationError} */
export function checkApiKey(apiKey: string | undefined): { apiKey: string; mode: Mode } {
  if (typeof apiKey !== "string" || apiKey.trim() === "") {
    throw configuration(
      "The API key is missing: new UsdtGateway(apiKey, …). Is the environment variable that holds it set?",
    );
  }
  if (apiKey.startsWith("whsec_")) {
    throw configuration(
      "This is a webhook secret (whsec_…), not an API key: give the key that begins with test_ or live_.",
    );
  }
  const mode = /^(test|live)_[A-Za-z0-9_-]+$/.exec(apiKey)?.[1];
  if (!mode) {
    const hint = /\s/.test(apiKey) ? " It contains white space: was a line break copied with it?" : "";
    throw configuration(`The API key must begin with test_ or live_, followed by letters and digits.${hint}`);
  }
  return { apiKey, mode: mode as Mode };
}

/** The URL of the API, without a slash at the end. @throws {ConfigurationError} */
export function apiUrl(baseUrl: string | undefined): string {
  const wanted = "the URL of your gateway, such as https://pay.example.com";
  if (typeof baseUrl !== "string" || baseUrl.trim() === "") {
    throw configuration(`baseUrl is missing: new UsdtGateway(apiKey, { baseUrl }). Give ${wanted}.`);
  }
  let url: URL;
  try {
    url = new URL(baseUrl.trim());
  } catch {
    throw configuration(`baseUrl is not a URL. Give ${wanted}.`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw configuration(`baseUrl must be http or https: ${wanted}.`);
  if (url.username || url.password) throw configuration("baseUrl must not contain a user name or password.");
  if (url.search || url.hash) throw configuration(`baseUrl must not contain ? or #: ${wanted}.`);
  return `${url.origin}${url.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "")}/api/v1`;
}

/** @throws {ConfigurationError} */
export function checkTimeout(timeoutMs: number): number {
  // Longer than this, and Node's timers fire at once.
  if (Number.isFinite(timeoutMs) && timeoutMs > 0 && timeoutMs < 2 ** 31) return timeoutMs;
  throw configuration("timeoutMs must be a number of milliseconds above 0 and below 2147483648.");
}

/** @throws {ConfigurationError} */
export function checkRetries(maxRetries: number): number {
  if (Number.isInteger(maxRetries) && maxRetries >= 0) return maxRetries;
  throw configuration("maxRetries must be a whole number, 0 or more.");
}

/** A value as one segment of a path. Without the check, an empty id would ask for another resource. @throws {ConfigurationError} */
export function segment(name: string, value: string): string {
  if (typeof value === "string" && value !== "" && value !== "." && value !== "..") return encodeURIComponent(value);
  throw new ConfigurationError(`${name} must be text and not empty.`, { code: "invalid_argument" });
}

const configuration = (message: string) => new ConfigurationError(message, { code: "invalid_configuration" });
