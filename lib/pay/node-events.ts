import { once } from "node:events";
import { CLIENT_IP_HEADER } from "@/lib/api/client-ip";
import type { NodeHandler } from "@/lib/api/node";
import { ANSWER_HEADERS } from "@/lib/security-headers";
import { payEventsResponse } from "./events";

/** What `payEventsResponse` looks at. */
const HEADERS = ["last-event-id", CLIENT_IP_HEADER, "x-forwarded-for"];

/** The event streams of pay pages behind a node:http server: what a framework keeps for each request is more than a stream needs. */
export const nodePayEvents: NodeHandler = async (request, response) => {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const headers = new Headers();
  for (const name of HEADERS) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, String(value));
  }
  const url = `http://localhost${request.url}`;
  const answer = await payEventsResponse(new Request(url, { headers, signal: gone.signal }));
  response.writeHead(answer.status, {
    ...ANSWER_HEADERS,
    ...Object.fromEntries(answer.headers),
  });
  // Next.js sends the head at once too: a browser shows the stream as open.
  response.flushHeaders();
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    // Somebody who does not read: the stream counts what waits, and ends.
    if (!response.write(part.value)) await once(response, "drain", { signal: gone.signal }).catch(() => {});
    if (gone.signal.aborted) await reader?.cancel();
  }
  response.end();
};
