import { EventEmitter } from "node:events";

/**
 * Wakes background work right after the commit that gave it something to do. Only an optimisation: whatever is due is a
 * row, and the work finds it by itself within its interval. Shared through globalThis by every bundle of the process.
 */
const KEY = Symbol.for("usdt-gateway.nudges");
const store = globalThis as unknown as Record<symbol, EventEmitter | undefined>;
function emitter(): EventEmitter {
  store[KEY] ??= new EventEmitter().setMaxListeners(100);
  return store[KEY];
}

export type Nudge = "deliver" | "simulate";

export function nudge(what: Nudge): void {
  emitter().emit(what);
}

/** @returns a function that stops listening. */
export function onNudge(what: Nudge, listener: () => void): () => void {
  emitter().on(what, listener);
  return () => emitter().off(what, listener);
}
