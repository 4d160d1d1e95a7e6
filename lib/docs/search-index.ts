import MiniSearch from "minisearch";
import { docsPath, docsSources } from "./content";
import { renderPlain } from "./render";
import { SEARCH_OPTIONS } from "./search-options";

let cached: Promise<string> | undefined;

/** The search's index as JSON: what MiniSearch.loadJSON takes with the same options. A document is the part under a heading. */
export function searchIndex(): Promise<string> {
  cached ??= makeIndex();
  return cached;
}

async function makeIndex(): Promise<string> {
  const index = new MiniSearch(SEARCH_OPTIONS);
  for (const source of docsSources()) {
    const { parts } = await renderPlain(source);
    index.addAll(
      parts.map(({ id, heading, text }) => ({
        id: `${docsPath(source.slug)}${id && `#${id}`}`,
        page: source.title,
        heading: heading || source.title,
        text,
        excerpt: text.trim().slice(0, 160),
      })),
    );
  }
  return JSON.stringify(index);
}
