import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The reference's program, as it stands in its package: read when the application is built, and from then on a file of ours. An
 * installation without development packages has none; the page says so.
 */
export const dynamic = "force-static";

const FILE = path.join(
  /*turbopackIgnore: true*/ process.cwd(),
  "node_modules",
  "@scalar",
  "api-reference",
  "dist",
  "browser",
  "standalone.js",
);

export function GET(): Response {
  return new Response(program(), { headers: { "content-type": "text/javascript; charset=utf-8" } });
}

function program(): string {
  try {
    return readFileSync(FILE, "utf8");
  } catch {
    return "";
  }
}
