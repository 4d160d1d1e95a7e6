import pino from "pino";
import { env } from "@/lib/env";

/** Names whose values never reach a log, wherever they stand in a logged object. */
const SECRET_NAMES = ["authorization", "password", "secret", "webhookSecret", "apiKey", "key", "token", "cookie"];

/** Structured logs: one JSON object a line on stdout. */
export const log = pino({
  level: env().logLevel,
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
  redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
});

/** A node's URL without what may be a key in it (path, query, credentials): `https://host/…`. For logs and health. */
export function publicUrl(url: string): string {
  try {
    const { protocol, host, pathname, search } = new URL(url);
    return `${protocol}//${host}${pathname === "/" && !search ? "" : "/…"}`;
  } catch {
    return "(unreadable URL)";
  }
}
