import type { NodeHandler } from "./node";

/**
 * Where the application, once it is loaded, leaves the API for the server around it (scripts/start.ts): its requests need not go
 * through the framework's router. Elsewhere nobody asks, and app/api/v1 answers.
 */
const KEY = Symbol.for("usdt-gateway.api");
const store = globalThis as unknown as Record<symbol, NodeHandler | undefined>;

export function mountApi(handler: NodeHandler): void {
  store[KEY] = handler;
}

/** The handler for a request with this target (path and query); undefined: it is the framework's. */
export function mountedApi(target: string | undefined): NodeHandler | undefined {
  return PLAIN.test(target ?? "") ? store[KEY] : undefined;
}

// Whatever is spelled in an unusual way (percent signs, dots, empty segments) goes the way where such things are cleared up.
const PLAIN = /^\/api\/v1(\/[\w-]+)+(\?|$)/;
