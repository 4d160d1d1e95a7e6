import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, it } from "vitest";

/**
 * Programs that come neither from npm nor with Node.js. Where one is missing, the tests that need it are skipped, visibly; in CI,
 * which installs them, that is a failure.
 */
const TOOLS = {
  "redis-server": "REDIS_BIN",
  pgbouncer: "PGBOUNCER_BIN",
  openssl: "OPENSSL_BIN",
} as const;
export type Tool = keyof typeof TOOLS;

/** The path of a program: what its variable says, else the first one on the PATH; null where there is none. */
export function findTool(name: Tool): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"].filter(Boolean);
  const candidates = [process.env[TOOLS[name]], ...folders.map((folder) => join(folder, name))];
  for (const candidate of candidates) {
    try {
      if (!candidate) continue;
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not there; the next one.
    }
  }
  return null;
}

/** A `describe` whose tests need a program; they are given its path. */
export function describeWith(name: Tool, title: string, tests: (path: string) => void | Promise<void>): void {
  const path = findTool(name);
  if (path !== null) return void describe(title, () => tests(path));
  describe(title, () => {
    const missing = `${name} is not installed: install it, or set ${TOOLS[name]} to its path`;
    if (process.env.CI) {
      it(missing, () => {
        throw new Error(missing);
      });
    } else it.skip(missing, () => {});
  });
}
