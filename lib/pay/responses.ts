import { randomUUID } from "node:crypto";
import { type AppError, STATUS_TEXT } from "@/lib/errors";
import { encodePayPath } from "./paths";

/** What the public endpoints of a pay page answer with. Apart from the service, so that the proxy needs no database. */

// Pages of other origins poll it (white label). It is public and takes no credentials.
const CORS = { "access-control-allow-origin": "*", "access-control-expose-headers": "x-request-id" };

/** `OPTIONS …/status`, which browsers send first where the page adds headers of its own. */
export function payStatusPreflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers": "*",
      "access-control-max-age": "86400",
    },
  });
}

/** The headers of an event stream: nothing on its way may hold it back to compress or to keep it. */
export function payStreamHeaders(requestId: string): Record<string, string> {
  return {
    ...CORS,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "x-request-id": requestId,
  };
}

/** Leads a browser that posted a form back to the pay page, whichever host and path it stands under. */
export function backToPayPage(payPath: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location: `../${encodePayPath(payPath)}`, "cache-control": "no-store" },
  });
}

/** An error in the contract's form. */
export function payErrorResponse(error: AppError, requestId: string = randomUUID()): Response {
  const { statusCode, message, code, extra } = error;
  const body = { statusCode, message, error: STATUS_TEXT[statusCode], code, requestId };
  return payJsonResponse(statusCode, body, requestId, extra.headers);
}

/** JSON that any origin may read and nobody may store. */
export function payJsonResponse(
  status: number,
  body: unknown,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json(body, {
    status,
    headers: { ...headers, ...CORS, "cache-control": "no-store", "x-request-id": requestId },
  });
}
