/**
 * What must be finished before the process ends. The list lives on globalThis because the server's bundle and the start
 * script are loaded separately and must share it.
 */
type Hook = { name: string; run: () => Promise<void> };
const KEY = Symbol.for("usdt-gateway.shutdown");
const store = globalThis as unknown as Record<symbol, Hook[] | undefined>;

/** Registers work for an orderly end. Hooks run one after another, the last registered first. */
export function onShutdown(name: string, run: () => Promise<void>): void {
  store[KEY] ??= [];
  store[KEY].push({ name, run });
}

/** Runs every hook once; a failing hook does not keep the others from running. */
export async function runShutdown(): Promise<void> {
  const hooks = (store[KEY] ?? []).splice(0).reverse();
  for (const hook of hooks) {
    try {
      await hook.run();
    } catch (error) {
      console.error(`shutdown: ${hook.name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
