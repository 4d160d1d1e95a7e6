import MiniSearch from "minisearch";
import { docsPath, docsSources } from "./content";
import { renderPage } from "./render";
import { SEARCH_OPTIONS } from "./search-options";

let cached: string | undefined;

/** The search's index as JSON: what MiniSearch.loadJSON takes with the same options. A document is the part under a heading. */
export function searchIndex(): string {
  if (cached) return cached;
  const index = new MiniSearch(SEARCH_OPTIONS);
  index.addAll(
    docsSources().flatMap(({ slug, title }) =>
      (renderPage(slug)?.parts ?? []).map(({ id, heading, text }) => ({
        id: `${docsPath(slug)}${id && `#${id}`}`,
        page: title,
        heading: heading || title,
        text,
        excerpt: text.trim().slice(0, 160),
      })),
    ),
  );
  cached = JSON.stringify(index);
  return cached;
}
