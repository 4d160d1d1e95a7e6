import type { RequestOptions } from "./options.js";
import { List, Page } from "./page.js";
import type { Transport } from "./transport.js";
import type { Account, ApiLog, ApiLogList, ListApiLogsQuery, Pagination } from "./types.js";

/** Your account, in the mode of the key. */
export class AccountResource {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Wallets, statistics, and how far each network is scanned. */
  async retrieve(options?: RequestOptions): Promise<Account> {
    return this.#transport.request<Account>({ method: "GET", path: "/account", repeatable: true }, options);
  }

  /** Your requests to the API, newest first. `await` gives a page, `for await` all of them. */
  apiLogs(query: ListApiLogsQuery = {}, options?: RequestOptions): List<ApiLog, Pagination> {
    return new List((limit) => this.#page({ limit, ...query }, options));
  }

  async #page(query: ListApiLogsQuery, options: RequestOptions | undefined): Promise<Page<ApiLog, Pagination>> {
    const call = { method: "GET", path: "/account/api-logs", query: { ...query }, repeatable: true } as const;
    const { data, pagination } = await this.#transport.request<ApiLogList>(call, options);
    const { page, totalPages, limit } = pagination;
    return new Page(data, pagination, page < totalPages ? () => this.#page({ limit, page: page + 1 }, options) : null);
  }
}
