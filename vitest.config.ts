import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
const alias = { "@": root.replace(/\/$/, "") };
// The logger reads its level when it is loaded, before a test could set it.
const env = { LOG_LEVEL: process.env.LOG_LEVEL ?? "silent" };
const exclude = ["**/node_modules/**", ".next/**", "sdk/node/dist/**", "examples/**"];

/**
 * `unit` needs nothing but Node. `integration` runs on a real PostgreSQL and, where a chain is read, a real EVM node.
 * `e2e` starts the built server as a person would.
 */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          // Some start processes, and the machine may be busy.
          testTimeout: 30_000,
          env,
          include: ["**/*.test.ts"],
          exclude: [...exclude, "**/*.integration.test.ts", "e2e/**"],
        },
      },
      {
        resolve: { alias },
        test: {
          name: "integration",
          env,
          include: ["**/*.integration.test.ts"],
          exclude: [...exclude, "e2e/**"],
          globalSetup: ["db/testing-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "e2e",
          // Shared machines stall for seconds: what fails there twice has failed.
          retry: process.env.CI ? 1 : 0,
          env,
          include: ["e2e/**/*.test.ts"],
          exclude,
          globalSetup: ["db/testing-setup.ts", "e2e/setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          pool: "forks",
          poolOptions: { forks: { singleFork: true } },
        },
      },
    ],
  },
});
