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
  serializers: { err: serializeError },
  redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
});

/** What is told of an error: enough to find it by. The text of a statement alone can be a megabyte. */
const ERROR_LENGTH = 4_000;

/**
 * An error as it is logged. A failed statement's message and fields carry the values that it was run with, among them hashes of
 * passwords and whole webhooks: they are left out.
 */
export function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { params, ...told } = pino.stdSerializers.err(error) as Record<string, unknown>;
  const values: string[] = [];
  for (let e: unknown = error; e instanceof Error; e = e.cause) if ("params" in e) values.push(`\nparams: ${e.params}`);
  const shorten = (text: string) =>
    values.reduce((rest, each) => rest.replaceAll(each, ""), text).slice(0, ERROR_LENGTH);
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name, typeof value === "string" ? shorten(value) : value]),
  );
}

/** A node's URL without what may be a key in it (path, query, credentials): `https://host/…`. For logs and health. */
export function publicUrl(url: string): string {
  try {
    const { protocol, host, pathname, search } = new URL(url);
    return `${protocol}//${host}${pathname === "/" && !search ? "" : "/…"}`;
  } catch {
    return "(unreadable URL)";
  }
}
