import { searchIndex } from "@/lib/docs/search-index";

export const dynamic = "force-dynamic";

/** The index of the docs' search. */
export async function GET(): Promise<Response> {
  return new Response(await searchIndex(), {
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "public, max-age=300" },
  });
}
