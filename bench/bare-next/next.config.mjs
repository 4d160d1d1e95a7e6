import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export default {
  serverExternalPackages: ["postgres"],
  turbopack: { root },
  outputFileTracingRoot: root,
};
