/** The database for command-line work: beside a running gateway or without one. */
import { setTimeout as sleep } from "node:timers/promises";
import nextEnv from "@next/env";
import { embeddedUrl, readPidFile, startEmbeddedPostgres } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { loadEnv, resetEnv } from "@/lib/env";
import { checkEncryptionKey } from "@/scripts/check-key";
import { applySecrets, DataDirError, databaseDir, loadSecrets, openDataDir, readLock } from "@/scripts/data-dir";

const SERVER_START_TIMEOUT_MS = 60_000;

/**
 * Calls `fn` with a migrated database: DATABASE_URL if it is set, else the one of the gateway that runs on DATA_DIR, else
 * the embedded one, started for this call and stopped after it. The environment is complete when `fn` runs (`.env` files
 * read, DATABASE_URL and generated secrets filled in).
 * @throws {EnvError | DataDirError | EmbeddedPostgresError} with one line for the person at the keyboard.
 */
export async function withDatabase<T>(fn: (databaseUrl: string) => Promise<T>): Promise<T> {
  nextEnv.loadEnvConfig(process.cwd(), false);
  const { dataDir, databaseUrl } = loadEnv(process.env);
  const call = async (url: string): Promise<T> => {
    process.env.DATABASE_URL = url;
    resetEnv();
    await checkEncryptionKey(url);
    return await fn(url);
  };

  if (databaseUrl) {
    applySecrets(loadSecrets(dataDir), process.env);
    await migrate(databaseUrl);
    return call(databaseUrl);
  }

  const running = await databaseOfServer(dataDir);
  if (running) {
    applySecrets(loadSecrets(dataDir), process.env);
    return call(running);
  }

  const held = await openDataDir(dataDir, { role: "admin" });
  try {
    applySecrets(held.secrets, process.env);
    const server = await startEmbeddedPostgres({
      dir: databaseDir(held.path),
      password: held.secrets.databasePassword,
    });
    try {
      await migrate(server.url);
      return await call(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    held.release();
  }
}

/** The URL of the database that a running gateway keeps, once it is ready; null if no gateway runs on DATA_DIR. */
async function databaseOfServer(dataDir: string): Promise<string | null> {
  for (const deadline = Date.now() + SERVER_START_TIMEOUT_MS; ; await sleep(200)) {
    const holder = await readLock(dataDir);
    if (holder?.role !== "server") return null;
    if (holder.database === "external") {
      throw new DataDirError(
        `The gateway (pid ${holder.pid}) runs on a database of its own: set the same DATABASE_URL for this command`,
      );
    }
    const postmaster = readPidFile(databaseDir(dataDir));
    if (holder.database === "ready" && postmaster?.status === "ready") {
      return embeddedUrl(postmaster.port, loadSecrets(dataDir).databasePassword);
    }
    if (Date.now() > deadline) {
      throw new DataDirError(
        `The gateway (pid ${holder.pid}) has been starting for a minute and its database is not ready: try again later`,
      );
    }
  }
}
