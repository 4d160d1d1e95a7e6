import { searchIndex } from "@/lib/docs/search-index";

export const dynamic = "force-dynamic";

/** The index of the docs' search. */
export function GET(): Response {
  return new Response(searchIndex(), {
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "public, max-age=300" },
  });
}
