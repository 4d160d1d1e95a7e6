import { EventEmitter } from "node:events";

/**
 * Tells the engine of background work, right after the commit, that there is something to do. Only an optimisation: whatever
 * is due is a row, and the work finds it by itself within its interval. Whichever engine runs listens: the embedded one wakes
 * its loops, Inngest's sends events. Shared through globalThis by every bundle of the process.
 */
const KEY = Symbol.for("usdt-gateway.nudges");
const store = globalThis as unknown as Record<symbol, EventEmitter | undefined>;
function emitter(): EventEmitter {
  store[KEY] ??= new EventEmitter().setMaxListeners(100);
  return store[KEY];
}

/** `deliver`: webhooks are due. `sandbox`: test invoices have something to do, from simulated payments to expiry. */
export type Nudge = "deliver" | "sandbox";

/** @param at when the work is due; now if left out. */
export function nudge(what: Nudge, at = new Date()): void {
  emitter().emit(what, at);
}

/** @returns a function that stops listening. */
export function onNudge(what: Nudge, listener: (at: Date) => void): () => void {
  emitter().on(what, listener);
  return () => emitter().off(what, listener);
}
