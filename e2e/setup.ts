import { fileURLToPath } from "node:url";
import { buildIfNeeded } from "@/scripts/build-if-needed";

/** Vitest global set-up of the e2e tests: they start the built server. */
export default async function setup(): Promise<void> {
  await buildIfNeeded(fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, ""), () => {});
}
