/**
 * Pages of a long list under any filter, in bounded time. The rows are read in the list's order a stretch at a time, and what
 * does not fit is passed over; after a while the search stops, says how far it came, and goes on from there when asked to.
 * So no combination of filters needs an index of its own, and none can hold the database up.
 */

/** A row's place in a list that is ordered by time, newest first. */
export type Position = { createdAt: Date; id: string };

export type ReadStretch<T> = (
  after: Position | null,
  limit: number,
  stretch: number,
) => Promise<{
  /** The rows that fit among the next `stretch` ones, at most `limit`. */
  rows: T[];
  /** The last row of the stretch, if it was read to its end; null: the list ended. */
  end: Position | null;
}>;

export type ListPage<T> = {
  rows: T[];
  /** Where the next page begins; null: the list ends here. */
  next: Position | null;
  /** Set where the page is not full because the search stopped: up to when it looked. */
  lookedBackTo: Date | null;
};

/** Rows passed over by one query. */
const STRETCH = 20_000;
/** After this long no further stretch is begun. */
const BUDGET_MS = 120;

/** Reads a page. */
export async function walk<T extends Position>(
  read: ReadStretch<T>,
  { limit, after }: { limit: number; after: Position | null },
  budgetMs = BUDGET_MS,
): Promise<ListPage<T>> {
  const started = performance.now();
  const rows: T[] = [];
  let from = after;
  for (;;) {
    // One more than asked: whether there is a next page.
    const found = await read(from, limit + 1 - rows.length, STRETCH);
    rows.push(...found.rows);
    if (rows.length > limit) {
      rows.pop();
      return { rows, next: placeOf(rows.at(-1)), lookedBackTo: null };
    }
    if (!found.end) return { rows, next: null, lookedBackTo: null };
    from = found.end;
    if (performance.now() - started > budgetMs) return { rows, next: from, lookedBackTo: from.createdAt };
  }
}

const placeOf = (row: Position | undefined): Position | null => (row ? { createdAt: row.createdAt, id: row.id } : null);
