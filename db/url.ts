import { readFileSync } from "node:fs";

/** How a connection is encrypted, as `sslmode` and its companions in a database URL say. */
export type TlsSettings = {
  /** False: `prefer`, which goes on without where the server cannot. */
  required: boolean;
  /** Whether the certificate must be signed by somebody we trust, and whether it must also name the host. */
  verify: "nothing" | "authority" | "host";
  /** PEM; undefined: the system's authorities. */
  ca?: string;
  /** PEM; what we show of ourselves. */
  cert?: string;
  key?: string;
  /** PostgreSQL 17's `sslnegotiation=direct`: TLS from the first byte. */
  direct: boolean;
};

/** A database URL, taken apart: what is left for the driver, and what we see to ourselves. */
export type DatabaseUrl = {
  url: string;
  tls: TlsSettings | null;
  /** `?prepare=true|false`; null: prepared statements where PostgreSQL itself answers, none behind a pooler. */
  prepare: boolean | null;
};

const MODES: Record<string, Pick<TlsSettings, "required" | "verify"> | null> = {
  disable: null,
  // The driver would not go on without.
  allow: { required: false, verify: "nothing" },
  prefer: { required: false, verify: "nothing" },
  require: { required: true, verify: "nothing" },
  // As other drivers spell "require".
  "no-verify": { required: true, verify: "nothing" },
  true: { required: true, verify: "nothing" },
  "verify-ca": { required: true, verify: "authority" },
  "verify-full": { required: true, verify: "host" },
};

/** What other programs put into a database URL and a PostgreSQL server does not know: it would refuse the connection. */
const NOT_FOR_THE_SERVER = [
  "channel_binding",
  "gssencmode",
  "krbsrvname",
  "uselibpqcompat",
  "connection_limit",
  "pool_timeout",
  "socket_timeout",
  "statement_cache_size",
  "schema",
];

/**
 * Reads a database URL as libpq would: https://www.postgresql.org/docs/current/libpq-ssl.html. `sslmode=require` encrypts and
 * verifies nothing, unless `sslrootcert` says whom to trust.
 * @throws Error that begins with DATABASE_URL where a value cannot be understood or a file cannot be read.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const url = new URL(text);
  const take = (name: string): string | undefined => {
    const value = url.searchParams.get(name) ?? undefined;
    url.searchParams.delete(name);
    return value === "" ? undefined : value;
  };
  const rootCert = take("sslrootcert");
  const mode = take("sslmode") ?? take("ssl") ?? (rootCert === "system" ? "verify-full" : "disable");
  const known = MODES[mode];
  if (known === undefined) {
    const modes = Object.keys(MODES).filter((name) => name !== "true");
    throw new Error(`DATABASE_URL has sslmode=${mode}: it must be one of ${modes.join(", ")}`);
  }
  const [cert, key, negotiation] = [take("sslcert"), take("sslkey"), take("sslnegotiation")];
  const pooler = take("pgbouncer");
  const prepare = boolean("prepare", take("prepare")) ?? (pooler === "true" ? false : null);
  for (const name of NOT_FOR_THE_SERVER) url.searchParams.delete(name);
  const trusted = rootCert === undefined || rootCert === "system" ? undefined : read("sslrootcert", rootCert);
  return {
    url: url.href,
    prepare,
    tls: known && {
      ...known,
      verify: known.required && known.verify === "nothing" && rootCert !== undefined ? "authority" : known.verify,
      ca: trusted,
      cert: cert && read("sslcert", cert),
      key: key && read("sslkey", key),
      direct: negotiation === "direct",
    },
  };
}

function boolean(name: string, value: string | undefined): boolean | null {
  if (value === undefined) return null;
  if (value === "true" || value === "false") return value === "true";
  throw new Error(`DATABASE_URL has ${name}=${value}: it must be true or false`);
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`DATABASE_URL has ${name}=${file}, which cannot be read: ${(error as Error).message}`);
  }
}
