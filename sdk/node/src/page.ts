/** A page of a list. */
export class Page<T, P> {
  readonly #next: (() => Promise<Page<T, P>>) | null;

  constructor(
    readonly data: T[],
    readonly pagination: P,
    next: (() => Promise<Page<T, P>>) | null,
  ) {
    this.#next = next;
  }

  get hasNextPage(): boolean {
    return this.#next !== null;
  }

  /** The page after this one, or null after the last. */
  async nextPage(): Promise<Page<T, P> | null> {
    return this.#next ? await this.#next() : null;
  }
}

/**
 * A list that is asked for when it is used: `await` it for one page, or go through all of its items, page after page, with
 * `for await`.
 */
export class List<T extends { id: string }, P> implements PromiseLike<Page<T, P>>, AsyncIterable<T> {
  readonly #load: (limit?: number) => Promise<Page<T, P>>;
  #page: Promise<Page<T, P>> | undefined;

  /** @param load gets the first page; `limit` is for whoever did not say how many. */
  constructor(load: (limit?: number) => Promise<Page<T, P>>) {
    this.#load = load;
  }

  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for.
  then<A = Page<T, P>, B = never>(
    onPage?: ((page: Page<T, P>) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#page ??= this.#load();
    return this.#page.then(onPage, onError);
  }

  /** Page after page, as large as the API gives them where you did not say. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    // What is new moves the rest to later pages, so the same item may come on two of them.
    let before = new Set<string>();
    for (let page: Page<T, P> | null = await this.#load(100); page; page = await page.nextPage()) {
      for (const item of page.data) if (!before.has(item.id)) yield item;
      before = new Set(page.data.map(({ id }) => id));
    }
  }
}
