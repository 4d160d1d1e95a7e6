/** How the index is made on the server and read in the browser: it must be the same. */
export const SEARCH_OPTIONS = {
  fields: ["heading", "page", "text"],
  storeFields: ["page", "heading", "excerpt"],
};

/** Whole words first, then words that begin so, then with a typing mistake. */
export const SEARCH_QUERY = {
  boost: { heading: 4, page: 2 },
  prefix: true,
  fuzzy: 0.15,
  combineWith: "AND" as const,
};

export type SearchHit = { id: string; page: string; heading: string; excerpt: string };
