import { isIP } from "node:net";
import { z } from "zod";
import { NETWORKS, type Network } from "@/lib/networks";

/**
 * The configuration, read from environment variables in this file only. Every variable has a default that works on a
 * fresh machine; a wrong value stops the start with one line that names the variable.
 */

export { NETWORKS, type Network };

/** What the operator set for one network; what is left out comes from the table in `lib/chains/networks.ts`. */
export type NetworkSettings = {
  /** Node URLs, best first. Empty: the network is off. */
  rpcUrls: string[];
  contract?: string;
  chainId?: number;
  confirmations?: number;
  finality?: "depth" | "finalized";
  pollMs?: number;
  startBlock?: number;
};

/** Where Inngest is. Both keys are there, unless it is a development server. */
export type InngestSettings = {
  eventKey?: string;
  signingKey?: string;
  /** Unset: Inngest Cloud, or with `dev` a development server on this machine. */
  baseUrl?: string;
  dev: boolean;
  /** The origin under which Inngest reaches `/api/inngest`; unset: that of `appUrl`. */
  serveOrigin?: string;
};

export type Env = {
  port: number;
  dataDir: string;
  /** Unset: the embedded PostgreSQL under `dataDir`. */
  databaseUrl?: string;
  /** Public base URLs, without a trailing slash. */
  appUrl: string;
  payUrl: string;
  authSecret?: string;
  /** 64 hex characters: the AES-256 key of secrets at rest. */
  encryptionKey?: string;
  metricsToken?: string;
  networks: Record<Network, NetworkSettings>;
  trongridApiKey?: string;
  upstash?: { url: string; token: string };
  /** Unset: background work runs inside the server. */
  inngest?: InngestSettings;
  /** Private ranges that webhooks may reach, for development. */
  webhookAllowCidrs: string[];
  rateLimitMultiplier: number;
  registration: "open" | "closed";
  /** `next dev`. */
  development: boolean;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
};

/** A configuration error; the message is one line that starts with the variable's name. */
export class EnvError extends Error {
  override name = "EnvError";
}

/** The host is checked too: the URL parser takes `a;http` for a name, as in `http://a;http://b`. */
const httpUrlOf = (value: string): URL | null => {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url && /^https?:$/.test(url.protocol) && /^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname) ? url : null;
};
const isHttpUrl = (value: string) => httpUrlOf(value) !== null;
/** Paths are put behind it. */
const isBaseUrl = (value: string) => {
  const url = httpUrlOf(value);
  return url !== null && !(url.username || url.password || url.search || url.hash);
};
const isDatabaseUrl = (value: string) => {
  try {
    const { username, password, pathname } = new URL(value);
    decodeURIComponent(username + password + pathname);
    return /^postgres(ql)?:\/\/./.test(value);
  } catch {
    return false;
  }
};

const httpUrl = z.string().refine(isHttpUrl, "must be an absolute http(s) URL, such as https://pay.example.com");
const baseUrl = z
  .string()
  .refine(isBaseUrl, "must be an absolute http(s) URL without user name and query, such as https://pay.example.com")
  .transform((value) => {
    const url = new URL(value);
    return url.origin + url.pathname.replace(/\/+$/, "");
  });
/** What is sent in a header field. */
const token = z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII characters without spaces");
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`);
const list = (value: string) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
const urlList = z
  .string()
  .transform(list)
  .refine((urls) => urls.length > 0 && urls.every(isHttpUrl), "must be comma-separated http(s) URLs, best first");
/** An address and how many of its bits count: a typing mistake must not open nothing, or too much, without a word. */
function isCidr(range: string): boolean {
  const [, address = "", bits = ""] = /^([^/%]+)\/(\d{1,3})$/.exec(range) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
const cidrList = z
  .string()
  .transform(list)
  .refine((ranges) => ranges.every(isCidr), "must be comma-separated address ranges, such as 127.0.0.0/8");

const EVM_ADDRESS = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "must be a contract address: 0x and 40 hex digits");
const TRON_ADDRESS = z
  .string()
  .regex(/^T[1-9A-HJ-NP-Za-km-z]{33}$/, "must be a contract address: 34 characters that start with T");

const isTronBase = (url: string) => !/\/(jsonrpc|wallet|walletsolidity|v1)\/*$/.test(url);
const tronUrlList = urlList.refine(
  (urls) => urls.every(isTronBase),
  "must be the base URLs of full nodes or of TronGrid, such as https://api.trongrid.io: without /jsonrpc",
);

const networkVariables = (prefix: string, contract: z.ZodType<string>, urls: z.ZodType<string[]> = urlList) => ({
  [`${prefix}_RPC_URLS`]: urls.optional(),
  [`${prefix}_USDT_CONTRACT`]: contract.optional(),
  [`${prefix}_CHAIN_ID`]: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  [`${prefix}_CONFIRMATIONS`]: integer(1, 10_000).optional(),
  [`${prefix}_FINALITY`]: z.enum(["depth", "finalized"], "must be depth or finalized").optional(),
  [`${prefix}_POLL_MS`]: integer(100, 600_000).optional(),
  [`${prefix}_START_BLOCK`]: integer(0, Number.MAX_SAFE_INTEGER).optional(),
});

const schema = z.object({
  PORT: integer(1, 65_535).default(3000),
  DATA_DIR: z.string().default(".data"),
  DATABASE_URL: z
    .string()
    .refine(
      isDatabaseUrl,
      "must be a PostgreSQL URL: postgres://user:password@host:5432/name, special characters in it percent-encoded",
    )
    .optional(),
  APP_URL: baseUrl.optional(),
  PAY_URL: baseUrl.optional(),
  AUTH_SECRET: z.string().min(32, "must be at least 32 characters").optional(),
  ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hex characters (openssl rand -hex 32)")
    .optional(),
  METRICS_TOKEN: token.min(16, "must be at least 16 characters").optional(),
  TRONGRID_API_KEY: token.optional(),
  UPSTASH_REDIS_REST_URL: httpUrl.optional(),
  UPSTASH_REDIS_REST_TOKEN: token.optional(),
  INNGEST_EVENT_KEY: token.optional(),
  INNGEST_SIGNING_KEY: z
    .string()
    .regex(
      /^(signkey-\w+-)?([0-9a-fA-F]{2}){4,}$/,
      "must be the key that the Inngest server has: an even number of hex digits (openssl rand -hex 32), with or without signkey-prod- before them",
    )
    .optional(),
  INNGEST_BASE_URL: baseUrl.optional(),
  INNGEST_DEV: z
    .string()
    .refine(
      (value) => /^(0|1|true|false)$/.test(value) || isHttpUrl(value),
      "must be 1, 0 or a development server's URL",
    )
    .optional(),
  INNGEST_SERVE_ORIGIN: baseUrl.optional(),
  WEBHOOK_ALLOW_CIDRS: cidrList.default([]),
  RATE_LIMIT_MULTIPLIER: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, "must be a positive number")
    .transform(Number)
    .refine((n) => n > 0, "must be a positive number")
    .default(1),
  REGISTRATION: z.enum(["open", "closed"], "must be open or closed").default("open"),
  NODE_ENV: z.string().optional(),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "must be debug, info, warn or error")
    .default("info"),
  ...networkVariables("TRON", TRON_ADDRESS, tronUrlList),
  ...networkVariables("ETHEREUM", EVM_ADDRESS),
  ...networkVariables("BSC", EVM_ADDRESS),
});

/** The name of every variable: the documentation is held against it. */
export const ENV_VARIABLES: readonly string[] = Object.keys(schema.shape);

/**
 * Parses the environment. An empty or blank value counts as unset.
 * @throws {EnvError} naming the first variable with a wrong value.
 */
export function loadEnv(source: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(
    Object.entries(source).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new EnvError(`${issue?.path.join(".")} ${issue?.message}`);
  }
  const v = parsed.data as z.output<typeof schema> & Record<string, never>;
  if (Boolean(v.UPSTASH_REDIS_REST_URL) !== Boolean(v.UPSTASH_REDIS_REST_TOKEN)) {
    const missing = v.UPSTASH_REDIS_REST_URL ? "UPSTASH_REDIS_REST_TOKEN" : "UPSTASH_REDIS_REST_URL";
    throw new EnvError(`${missing} must be set too: shared rate limits need both the URL and the token`);
  }
  const inngest = inngestSettings(v);
  const appUrl = v.APP_URL ?? `http://localhost:${v.PORT}`;
  const settings = (prefix: string): NetworkSettings => ({
    rpcUrls: v[`${prefix}_RPC_URLS`] ?? [],
    contract: v[`${prefix}_USDT_CONTRACT`],
    chainId: v[`${prefix}_CHAIN_ID`],
    confirmations: v[`${prefix}_CONFIRMATIONS`],
    finality: v[`${prefix}_FINALITY`],
    pollMs: v[`${prefix}_POLL_MS`],
    startBlock: v[`${prefix}_START_BLOCK`],
  });
  return {
    port: v.PORT,
    dataDir: v.DATA_DIR,
    databaseUrl: v.DATABASE_URL,
    appUrl,
    payUrl: v.PAY_URL ?? `${appUrl}/pay`,
    authSecret: v.AUTH_SECRET,
    encryptionKey: v.ENCRYPTION_KEY?.toLowerCase(),
    metricsToken: v.METRICS_TOKEN,
    networks: { tron: settings("TRON"), ethereum: settings("ETHEREUM"), bsc: settings("BSC") },
    trongridApiKey: v.TRONGRID_API_KEY,
    upstash:
      v.UPSTASH_REDIS_REST_URL && v.UPSTASH_REDIS_REST_TOKEN
        ? { url: v.UPSTASH_REDIS_REST_URL, token: v.UPSTASH_REDIS_REST_TOKEN }
        : undefined,
    inngest,
    webhookAllowCidrs: v.WEBHOOK_ALLOW_CIDRS,
    rateLimitMultiplier: v.RATE_LIMIT_MULTIPLIER,
    registration: v.REGISTRATION,
    development: v.NODE_ENV === "development",
    logLevel: v.LOG_LEVEL,
  };
}

/** @throws {EnvError} where Inngest is to be used and a key is missing: it would refuse us, or anybody could command us. */
function inngestSettings(v: z.output<typeof schema>): InngestSettings | undefined {
  const dev = v.INNGEST_DEV !== undefined && v.INNGEST_DEV !== "0" && v.INNGEST_DEV !== "false";
  const { INNGEST_EVENT_KEY: eventKey, INNGEST_SIGNING_KEY: signingKey } = v;
  const baseUrl = v.INNGEST_BASE_URL ?? (dev && isHttpUrl(v.INNGEST_DEV ?? "") ? v.INNGEST_DEV : undefined);
  if (!dev && !eventKey && !signingKey && !baseUrl) return undefined;
  if (!dev && !(eventKey && signingKey)) {
    const missing = signingKey ? "INNGEST_EVENT_KEY" : "INNGEST_SIGNING_KEY";
    throw new EnvError(
      `${missing} must be set too: background work on Inngest needs the event key and the signing key (a development server does not: INNGEST_DEV=1)`,
    );
  }
  return { eventKey, signingKey, baseUrl, dev, serveOrigin: v.INNGEST_SERVE_ORIGIN };
}

let cached: Env | undefined;

/** The process's configuration, parsed once. @throws {EnvError} */
export function env(): Env {
  cached ??= loadEnv(process.env);
  return cached;
}

/** For tests and scripts that change `process.env`: the next `env()` reads it again. */
export function resetEnv(): void {
  cached = undefined;
}
