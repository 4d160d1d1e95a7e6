/**
 * The way into `scripts/start.ts`. tsx makes Node.js read TypeScript, but costs the server some 60 MB if it also watches
 * over everything Next.js loads; so it is let go once our own sources are loaded.
 */
import { register as registerCommonJs } from "tsx/cjs/api";
import { register as registerModules } from "tsx/esm/api";

const unregister = [registerCommonJs(), registerModules()];
globalThis[Symbol.for("usdt-gateway.sources-loaded")] = async () => {
  for (const each of unregister) await each();
};
await import("./start.ts");
