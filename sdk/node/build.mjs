/** Builds dist/: the same sources once as ES modules and once as CommonJS, each with its types. Needs nothing but TypeScript. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const compile = (...options) =>
  // On stderr: the stdout of `npm pack --json` is for its JSON.
  execFileSync(process.execPath, [tsc, "-p", root, ...options], { cwd: root, stdio: ["ignore", 2, 2] });

rmSync(`${root}dist`, { recursive: true, force: true });
compile("--outDir", "dist/esm");
compile(
  ...["--outDir", "dist/cjs", "--module", "commonjs", "--moduleResolution", "node10"],
  ...["--verbatimModuleSyntax", "false", "--esModuleInterop"],
);
// The package is of type "module": what lies here says otherwise.
writeFileSync(`${root}dist/cjs/package.json`, '{ "type": "commonjs" }\n');
