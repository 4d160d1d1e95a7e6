import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));

/** @type {import("next").NextConfig} */
export default {
  // A lock file in a directory above must not move the root.
  turbopack: { root },
  outputFileTracingRoot: root,
};
