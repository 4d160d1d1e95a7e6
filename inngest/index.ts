import { env } from "@/lib/env";

/** The answer to a request for `/api/inngest`. Inngest's code is loaded only where it is used. */
export async function answer(request: Request): Promise<Response> {
  if (!env().inngest) return new Response(null, { status: 404 });
  const { answerInngest } = await import("./serve");
  return await answerInngest(request);
}
