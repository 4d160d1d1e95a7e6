import { connect } from "./connect";
import { parseDatabaseUrl } from "./url";

/**
 * What answers at a database URL: PostgreSQL itself, or a pooler that hands every transaction to another session (PgBouncer,
 * Supavisor, PgCat, a provider's own). There nothing may rest on the session: no prepared statements, no settings, no locks.
 */
export type Answering = "postgres" | "pooler";

/** How soon the question is asked again when nobody answered. */
const ASK_AGAIN_MS = 1_000;

type Known = { answering: Answering | null; asking: Promise<void> | null; askedAt: number };
// Asked once a process: the bundler loads this module several times.
const KEY = Symbol.for("usdt-gateway.database-servers");
const store = globalThis as unknown as Record<symbol, Map<string, Known> | undefined>;

function entry(url: string): Known {
  store[KEY] ??= new Map();
  const known = store[KEY].get(url) ?? { answering: null, asking: null, askedAt: 0 };
  store[KEY].set(url, known);
  return known;
}

/** What is known; null: nothing yet, so be as careful as with a pooler. */
export function answeringAt(url: string): Answering | null {
  return entry(url).answering;
}

/**
 * Finds out what answers, unless it is known; never throws. PostgreSQL greets with its process's id; a pooler greets with a number
 * of its own, because it has not chosen a process yet.
 */
export async function learnServer(url: string): Promise<void> {
  const known = entry(url);
  if (known.answering !== null) return;
  if (known.asking === null && Date.now() - known.askedAt >= ASK_AGAIN_MS) {
    known.askedAt = Date.now();
    known.asking = ask(url).then(
      (answering) => {
        known.answering = answering;
        known.asking = null;
      },
      // It is away; whoever needs it says so.
      () => {
        known.asking = null;
      },
    );
  }
  await known.asking;
}

async function ask(url: string): Promise<Answering> {
  const { prepare } = parseDatabaseUrl(url);
  if (prepare !== null) return prepare ? "postgres" : "pooler";
  const client = connect(url, { max: 1 });
  try {
    const rows = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const greeted = (rows.state as unknown as { pid: number } | null)?.pid;
    return greeted === rows[0]?.pid ? "postgres" : "pooler";
  } finally {
    await client.end({ timeout: 1 });
  }
}
