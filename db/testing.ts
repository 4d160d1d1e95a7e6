import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, inject } from "vitest";
import { resetEnv } from "@/lib/env";
import { closeDb } from "./client";
import { connect } from "./connect";

let route = (url: string): string => url;

/** From now on tests reach their databases by another way, such as through a pooler. */
export function routeTestDatabases(through: ((url: string) => string) | null): void {
  route = through ?? ((url) => url);
}

/** Clones the migrated template into a database of the caller's own. */
export async function createTestDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = inject("databaseServer");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const run = async (statement: string) => {
    const admin = connect(server, { max: 1 });
    try {
      await admin.unsafe(statement);
    } finally {
      await admin.end();
    }
  };
  await run(`create database ${name} template gateway_template`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: route(url.href), drop: () => run(`drop database if exists ${name} with (force)`) };
}

/**
 * Gives a test file its own database and the environment a server would have.
 * @param variables more environment variables, such as node URLs.
 */
export function useTestDatabase(variables: Record<string, string> = {}): void {
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    Object.assign(process.env, {
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: "11".repeat(32),
      AUTH_SECRET: "test-secret-test-secret-test-secret",
      LOG_LEVEL: "silent",
      ...variables,
    });
    resetEnv();
  });
  afterAll(async () => {
    await closeDb();
    await drop();
  });
}
