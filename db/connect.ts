import postgres from "postgres";
import { patientSocket } from "./socket";

/**
 * A pool of connections to a PostgreSQL server, none of them opened yet.
 *
 * The driver's own look-up of array types at each new connection is off: when the connection ends meanwhile it fails where nobody
 * can catch it, and Node ends the process. So an array goes as a text literal: `{a,b}` with a cast.
 */
export function connect<Types extends Record<string, postgres.PostgresType>>(
  url: string,
  options: postgres.Options<Types> = {},
) {
  const defaults = { connect_timeout: 10, onnotice: () => {}, fetch_types: false, socket: patientSocket };
  return postgres(url, Object.assign(defaults, options));
}
