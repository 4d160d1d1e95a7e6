import type { RequestOptions } from "./options.js";
import type { Transport } from "./transport.js";
import type {
  Invoice,
  SimulatePaymentRequest,
  Simulation,
  TestWebhookRequest,
  TestWebhookResult,
  TriggerExpiryRequest,
} from "./types.js";

/** Payments without a chain. Test keys only. Nothing here is repeated after a failure that may have come too late to stop it. */
export class Sandbox {
  readonly #transport: Transport;
  readonly #checked: (invoice: Invoice) => Invoice;

  constructor(transport: Transport, checked: (invoice: Invoice) => Invoice) {
    this.#transport = transport;
    this.#checked = checked;
  }

  /**
   * Pays a test invoice with a fabricated transaction: within seconds it is confirmed, and the webhook is the one that
   * production sends.
   * @throws {NotFoundError} @throws {InvalidRequestError} code `invoice_not_pending`.
   */
  async simulatePayment(request: SimulatePaymentRequest, options?: RequestOptions): Promise<Simulation> {
    const simulation = await this.#post<Simulation>("/sandbox/simulate-payment", request, options);
    this.#checked(simulation.invoice);
    return simulation;
  }

  /** Expires a test invoice now. @throws {NotFoundError} @throws {InvalidRequestError} code `invoice_not_pending`. */
  async triggerExpiry(request: TriggerExpiryRequest, options?: RequestOptions): Promise<Invoice> {
    return this.#checked(await this.#post<Invoice>("/sandbox/trigger-expiry", request, options));
  }

  /** Sends a signed webhook now, once, and tells what came back. */
  async testWebhook(request: TestWebhookRequest = {}, options?: RequestOptions): Promise<TestWebhookResult> {
    return this.#post<TestWebhookResult>("/sandbox/test-webhook", request, options);
  }

  #post<T>(path: string, body: unknown, options: RequestOptions | undefined): Promise<T> {
    return this.#transport.request<T>({ method: "POST", path, body, repeatable: false }, options);
  }
}
