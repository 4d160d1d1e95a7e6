import { llmsIndex } from "@/lib/docs/llms";

export const dynamic = "force-dynamic";

/** The documentation for programs that read. */
export function GET(): Response {
  return new Response(llmsIndex(), { headers: { "content-type": "text/plain; charset=utf-8" } });
}
