import postgres from "postgres";
import { socketMaker } from "./socket";
import { parseDatabaseUrl } from "./url";

/**
 * A pool of connections to a PostgreSQL server, none of them opened yet. TLS is ours (db/socket.ts): the driver never sees it.
 *
 * The driver's own look-up of array types at each new connection is off: when the connection ends meanwhile it fails where nobody
 * can catch it, and Node ends the process. So an array goes as a text literal: `{a,b}` with a cast.
 * @throws Error that begins with DATABASE_URL where the URL cannot be understood.
 */
export function connect<Types extends Record<string, postgres.PostgresType>>(
  url: string,
  options: postgres.Options<Types> = {},
) {
  const parsed = parseDatabaseUrl(url);
  // Prepared statements are the exception, made where the server is known to keep them: see db/client.ts.
  const defaults = { connect_timeout: 10, onnotice: () => {}, fetch_types: false, prepare: false, ssl: false as const };
  return postgres(parsed.url, Object.assign(defaults, { socket: socketMaker(parsed.tls) }, options));
}
