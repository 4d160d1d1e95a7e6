import { randomUUID } from "node:crypto";
import {
  ConfigurationError,
  ConnectionError,
  RateLimitError,
  ServerError,
  UsdtGatewayError,
  WaitTimeoutError,
} from "./errors.js";
import { type CreateOptions, type RequestOptions, segment } from "./options.js";
import { List, Page } from "./page.js";
import { sleep } from "./retry.js";
import type { Transport } from "./transport.js";
import type { CreateInvoiceRequest, CursorPagination, Invoice, InvoiceList, ListInvoicesQuery } from "./types.js";

/** How long and how often `waitFor` looks. */
export interface WaitOptions {
  /** In all. Default: until 15 minutes after the invoice's `expiresAt`. */
  timeoutMs?: number;
  /** Between two looks. Default 2000. */
  intervalMs?: number;
  /** Ends the waiting; the call then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A network may be behind, and then an invoice expires or is confirmed later than its time. */
const PATIENCE_MS = 15 * 60_000;

/** What customers are asked to pay. */
export class Invoices {
  readonly #transport: Transport;
  readonly #checked: (invoice: Invoice) => Invoice;

  /** @param checked throws unless the invoice's address is the merchant's own. */
  constructor(transport: Transport, checked: (invoice: Invoice) => Invoice) {
    this.#transport = transport;
    this.#checked = checked;
  }

  /**
   * Creates an invoice: send the customer to its `paymentUrl`, or show `amountUsdtExact` and `payoutAddress` yourself. The call
   * is repeated after failures that pass; however often, one invoice comes of it.
   * @throws {InvalidRequestError} `details` names every problem.
   * @throws {DuplicateReferenceError} `invoiceId` is the invoice that has the reference.
   * @throws {AmountUnavailableError}
   * @throws {PayoutAddressError}
   */
  async create(request: CreateInvoiceRequest, options: CreateOptions = {}): Promise<Invoice> {
    const { idempotencyKey = randomUUID(), ...rest } = options;
    checkAmount(request?.amountUsdt);
    const call = { method: "POST", path: "/invoices", body: request, idempotencyKey, repeatable: true } as const;
    return this.#checked(await this.#transport.request<Invoice>(call, rest));
  }

  /** The invoice as it is now. @throws {NotFoundError} @throws {PayoutAddressError} */
  async retrieve(id: string, options?: RequestOptions): Promise<Invoice> {
    return this.#get(`/invoices/${segment("The invoice's id", id)}`, options);
  }

  /** The same by your own order number. @throws {NotFoundError} @throws {PayoutAddressError} */
  async retrieveByReference(reference: string, options?: RequestOptions): Promise<Invoice> {
    return this.#get(`/invoices/reference/${segment("The reference", reference)}`, options);
  }

  /**
   * Invoices, newest first. `await` gives a page (`data`, `pagination`, `nextPage()`), `for await` all invoices.
   * @throws {PayoutAddressError} when one on the page has an address that is not yours.
   */
  list(query: ListInvoicesQuery = {}, options?: RequestOptions): List<Invoice, CursorPagination> {
    return new List((limit) => this.#page({ limit, ...query }, options));
  }

  /**
   * Cancels a pending invoice nobody has paid yet.
   * @throws {NotFoundError}
   * @throws {InvalidRequestError} code `invoice_not_cancellable`: it is not pending, or a payment was seen.
   */
  async cancel(id: string, options?: RequestOptions): Promise<Invoice> {
    const path = `/invoices/${segment("The invoice's id", id)}/cancel`;
    try {
      return this.#checked(await this.#transport.request<Invoice>({ method: "POST", path, repeatable: true }, options));
    } catch (error) {
      const isRepeated = error instanceof UsdtGatewayError && (error.attempts ?? 1) > 1;
      if (!isRepeated || error.code !== "invoice_not_cancellable") throw error;
      // An earlier request may have cancelled it, and only its answer was lost.
      const invoice = await this.retrieve(id, options);
      if (invoice.status === "cancelled") return invoice;
      throw error;
    }
  }

  /**
   * Waits until the invoice is not pending any more, whatever it becomes: look at `status`. For scripts and tests; a server
   * takes webhooks.
   * @throws {WaitTimeoutError} @throws {NotFoundError} @throws {PayoutAddressError}
   */
  async waitFor(id: string, { timeoutMs, intervalMs = 2_000, signal }: WaitOptions = {}): Promise<Invoice> {
    if (!(intervalMs > 0)) throw new ConfigurationError("intervalMs must be above 0.", { code: "invalid_argument" });
    const startedAt = Date.now();
    let invoice = await this.retrieve(id, { signal });
    const waitMs = timeoutMs ?? Math.max(0, Date.parse(invoice.expiresAt) - startedAt) + PATIENCE_MS;
    while (invoice.status === "pending") {
      const leftMs = startedAt + waitMs - Date.now();
      if (leftMs <= 0) {
        throw new WaitTimeoutError(`Invoice ${id} is still pending after ${Math.round(waitMs / 1000)} s.`, invoice);
      }
      await sleep(Math.min(intervalMs, leftMs), signal);
      invoice = (await this.#look(id, signal)) ?? invoice;
    }
    return invoice;
  }

  /** Null while the gateway cannot be asked: it restarts, the network fails, or too much was asked. */
  async #look(id: string, signal: AbortSignal | undefined): Promise<Invoice | null> {
    try {
      return await this.retrieve(id, { signal });
    } catch (error) {
      if (error instanceof ConnectionError || error instanceof ServerError || error instanceof RateLimitError)
        return null;
      throw error;
    }
  }

  async #get(path: string, options: RequestOptions | undefined): Promise<Invoice> {
    return this.#checked(await this.#transport.request<Invoice>({ method: "GET", path, repeatable: true }, options));
  }

  async #page(query: ListInvoicesQuery, options: RequestOptions | undefined): Promise<Page<Invoice, CursorPagination>> {
    const call = { method: "GET", path: "/invoices", query: { ...query }, repeatable: true } as const;
    const { data, pagination } = await this.#transport.request<InvoiceList>(call, options);
    const { page: _, ...filter } = query;
    const cursor = pagination.nextCursor;
    const next = cursor === null ? null : () => this.#page({ ...filter, limit: pagination.limit, cursor }, options);
    return new Page(data.map(this.#checked), pagination, next);
  }
}

/** What JSON would turn into something else. Everything else is the API's to judge. */
function checkAmount(amount: unknown): void {
  if (typeof amount === "string" || (typeof amount === "number" && Number.isFinite(amount))) return;
  const message = 'amountUsdt must be a decimal string such as "150.0000", or a number.';
  throw new ConfigurationError(message, { code: "invalid_argument", details: [{ path: "amountUsdt", message }] });
}
