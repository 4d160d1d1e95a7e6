import type { IncomingMessage } from "node:http";
import { env } from "@/lib/env";
import { payRewrite } from "@/lib/pay/paths";
import type { NodeHandler } from "./node";

/**
 * Where the application, once it is loaded, leaves what the server around it (scripts/start.ts) calls directly, because the
 * framework's router and streams cost more than the work: the API, and the event streams of pay pages, of which thousands may
 * be open. Elsewhere nobody asks, and the routes in app/ answer.
 */
export type Mounted = { api: NodeHandler; payEvents: NodeHandler };

const KEY = Symbol.for("usdt-gateway.mounted");
const store = globalThis as unknown as Record<symbol, Mounted | undefined>;

export function mount(handlers: Mounted): void {
  store[KEY] = handlers;
}

/** The handler for a request; undefined: it is the framework's. */
export function mountedHandler(request: IncomingMessage): NodeHandler | undefined {
  const handlers = store[KEY];
  const target = request.url ?? "";
  if (!handlers) return undefined;
  if (PLAIN_API.test(target)) return handlers.api;
  if (request.method !== "GET" || !PLAIN_EVENTS.test(target)) return undefined;
  const host = [request.headers["x-forwarded-host"]].flat()[0] ?? request.headers.host ?? "";
  const inside = payRewrite(host, target, env()) ?? target;
  return PAY_EVENTS.test(inside) ? handlers.payEvents : undefined;
}

// Whatever is spelled in an unusual way (percent signs, dots) goes the way where such things are cleared up; but for repeated
// slashes, which the framework would answer with a redirect in words.
const PLAIN_API = /^\/api\/v1(\/+[\w-]+)+(\?|$)/;
const PLAIN_EVENTS = /^(\/[\w-]+)+\/events$/;
const PAY_EVENTS = /^\/pay\/[\w-]+\/events$/;
