/**
 * The way into `start.ts` in a copy without sources (scripts/make-standalone.mjs): Next.js takes its configuration from the build,
 * where there is no next.config.ts to read.
 */
import { readFileSync } from "node:fs";

const built = readFileSync(new URL("../.next/required-server-files.json", import.meta.url), "utf8");
Object.assign(process.env, {
  __NEXT_PRIVATE_STANDALONE_CONFIG: JSON.stringify((JSON.parse(built) as { config: unknown }).config),
});
await import("./start");
