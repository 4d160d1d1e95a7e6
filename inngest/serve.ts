import { serve } from "inngest/edge";
import { env } from "@/lib/env";
import { inngest } from "./client";
import { functions } from "./functions";

const settings = env().inngest;
const base = new URL(`${settings?.serveOrigin ?? env().appUrl}/api/inngest`);
const options = { client: inngest, functions, serveOrigin: base.origin, servePath: base.pathname };

/** Answers Inngest's requests: runs, and questions about us. Only signed ones, but from a development server. */
export const answerInngest = serve({ ...options, enableUnauthedSync: settings?.dev === true });

const registration = serve({ ...options, enableUnauthedSync: true });

/** Tells Inngest which functions there are and where. @throws where it cannot be reached or refuses. */
export async function register(): Promise<void> {
  const response = await registration(new Request(base, { method: "PUT", body: "{}", headers: { host: base.host } }));
  if (response.ok) return;
  const { message } = (await response.json().catch(() => ({}))) as { message?: string };
  throw new Error(message ?? `answered ${response.status}`);
}
