import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { closeDb, db } from "@/db/client";
import { connect } from "@/db/connect";
import { migrate, migrationState } from "@/db/migrate";
import { answeringAt } from "@/db/server";
import { createTestDatabase, routeTestDatabases, useTestDatabase } from "@/db/testing";
import { type Pooler, startPooler } from "@/e2e/pooler";
import { describeWith } from "@/e2e/tools";
import { resetNodes } from "@/lib/chains/nodes";
import { resetEnv } from "@/lib/env";

/** The gateway on a database behind a pooler in transaction mode: no statement may count on the session of the one before. */

describeWith("pgbouncer", "through a pooler in transaction mode", (program) => {
  let pooler: Pooler;
  beforeAll(async () => {
    pooler = await startPooler(program, inject("databaseServer"));
    routeTestDatabases(pooler.route);
  });
  afterAll(async () => {
    routeTestDatabases(null);
    await pooler.stop();
  });

  describe("the connection", () => {
    useTestDatabase();
    const url = () => process.env.DATABASE_URL ?? "";

    it("is recognised as a pooler's", async () => {
      await db().execute(sql`select 1`);
      await migrate(url());
      expect(answeringAt(url())).toBe("pooler");
    });

    it("carries many transactions and statements with values at once, on fewer sessions than there are connections", async () => {
      const sessions = new Set<unknown>();
      const work = async (n: number) => {
        const [row] = await db().execute(sql`select ${n}::int as n, pg_backend_pid() as pid`);
        sessions.add(row?.pid);
        expect(row?.n).toBe(n);
        // Without a value it goes another way through the driver.
        const [constant] = await db().execute(sql`select 7 as n`);
        expect(constant?.n).toBe(7);
        await db().transaction(async (tx) => {
          const [inner] = await tx.execute(sql`select ${n}::int + 1 as n`);
          expect(inner?.n).toBe(n + 1);
        });
      };
      for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 40 }, (_, n) => work(n)));
      expect(sessions.size).toBeGreaterThan(1);
      expect(sessions.size).toBeLessThanOrEqual(8);
    });

    it("ends a statement of a transaction that hangs, and leaves no setting behind for the next", async () => {
      const limits = await db().transaction((tx) =>
        tx.execute(sql`select current_setting('statement_timeout') as limit`),
      );
      expect(limits[0]?.limit).toBe("30s");
      for (let i = 0; i < 20; i++) {
        const after = await db().execute(sql`select current_setting('statement_timeout') as limit`);
        expect(after[0]?.limit).toBe("0");
      }
    });
  });

  describe("the main job", async () => {
    keepEnvironment();
    await import("@/lib/transfers/main-job.integration.test");
  });
  describe("the API", async () => {
    keepEnvironment();
    await import("@/lib/api/invoices.integration.test");
  });
  describe("the sandbox", async () => {
    keepEnvironment();
    await import("@/lib/sandbox/sandbox.integration.test");
  });
});

/** These files set variables for a process of their own. */
function keepEnvironment(): void {
  const before = { ...process.env };
  afterAll(() => {
    process.env = { ...before };
    resetEnv();
    resetNodes();
  });
}

describe("migrations", () => {
  it("of servers that start at once happen once, and all of them find the schema complete", async () => {
    const server = inject("databaseServer");
    const admin = connect(server, { max: 1 });
    const url = new URL(server);
    try {
      await admin`create database empty_for_migrations`;
      url.pathname = "/empty_for_migrations";
      await Promise.all(Array.from({ length: 5 }, () => migrate(url.href)));
      process.env.DATABASE_URL = url.href;
      resetEnv();
      const { applied, expected } = await migrationState(db());
      expect(applied).toBe(expected);
    } finally {
      await closeDb();
      await admin`drop database if exists empty_for_migrations with (force)`;
      await admin.end();
    }
  });

  describeWith("pgbouncer", "through a pooler", (program) => {
    it("happen once too", async () => {
      const pooler = await startPooler(program, inject("databaseServer"));
      const { url, drop } = await createTestDatabase();
      const admin = connect(url, { max: 1 });
      try {
        await admin.unsafe("drop schema public cascade; drop schema drizzle cascade; create schema public");
        await Promise.all(Array.from({ length: 5 }, () => migrate(pooler.route(url))));
        const [row] = await admin`select count(*)::int as applied, count(distinct hash)::int as different
          from drizzle.__drizzle_migrations`;
        expect(row?.applied).toBeGreaterThan(0);
        expect(row?.applied).toBe(row?.different);
      } finally {
        await admin.end();
        await pooler.stop();
        await drop();
      }
    });
  });
});
