import { AccountResource } from "./account.js";
import { Invoices } from "./invoices.js";
import { apiUrl, checkApiKey, checkRetries, checkTimeout, type UsdtGatewayOptions } from "./options.js";
import { addressCheck, invoiceCheck } from "./payout-addresses.js";
import { Sandbox } from "./sandbox.js";
import { Transport } from "./transport.js";
import type { Mode } from "./types.js";
import { createWebhooks, type Webhooks } from "./webhooks.js";

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RETRIES = 2;

/**
 * Your gateway.
 *
 * ```ts
 * const gateway = new UsdtGateway(process.env.GATEWAY_API_KEY, { baseUrl: "https://pay.example.com" });
 * const invoice = await gateway.invoices.create({ amountUsdt: "150.0000", reference: "ORDER-12345" });
 * ```
 */
export class UsdtGateway {
  readonly invoices: Invoices;
  readonly account: AccountResource;
  readonly sandbox: Sandbox;
  readonly webhooks: Webhooks;
  /** Whose world the key sees. */
  readonly mode: Mode;

  /**
   * @param apiKey `test_…` or `live_…`. Keep it on your server.
   * @throws {ConfigurationError}
   */
  constructor(apiKey: string | undefined, options: UsdtGatewayOptions) {
    const key = checkApiKey(apiKey);
    this.mode = key.mode;
    const transport = new Transport(key.apiKey, {
      apiUrl: apiUrl(options?.baseUrl),
      timeoutMs: checkTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      maxRetries: checkRetries(options.maxRetries ?? DEFAULT_MAX_RETRIES),
      fetch: options.fetch,
    });
    const check = addressCheck(options.payoutAddresses);
    this.invoices = new Invoices(transport, invoiceCheck(check));
    this.account = new AccountResource(transport);
    this.sandbox = new Sandbox(transport, invoiceCheck(check));
    this.webhooks = createWebhooks(check);
  }
}
