import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { connect } from "./connect";
import { startEmbeddedPostgres } from "./embedded";
import { migrate } from "./migrate";

/** Vitest global set-up: one real PostgreSQL with one migrated template database, cloned by every test file. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(tmpdir(), "gateway-test-db-"));
  // Tests lose nothing by a crash of the database: they may go without fsync.
  const server = await startEmbeddedPostgres({
    dir: path.join(dir, "postgres"),
    password: "test",
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" },
  });
  const admin = connect(server.url, { max: 1 });
  await admin`create database gateway_template`;
  const template = new URL(server.url);
  template.pathname = "/gateway_template";
  await migrate(template.href);
  await admin.end();
  project.provide("databaseServer", server.url);
  return async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

declare module "vitest" {
  export interface ProvidedContext {
    databaseServer: string;
  }
}
