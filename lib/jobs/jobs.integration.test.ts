import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { db } from "@/db/client";
import { apiLogs, idempotencyKeys } from "@/db/schema";
import { createTestMerchant, useTestApi } from "@/e2e/api";
import { createJobs } from "./jobs";

useTestApi();

const job = (name: string) => {
  const found = createJobs(randomUUID()).find((entry) => entry.name === name);
  if (!found) throw new Error(`no job ${name}`);
  return found;
};

it("pruning forgets API logs after 30 days and stored responses after 24 hours, and nothing younger", async () => {
  const { id: merchantId } = await createTestMerchant();
  const entry = (path: string, ageDays: number) => ({
    merchantId,
    mode: "test" as const,
    requestId: randomUUID(),
    method: "GET",
    path,
    statusCode: 200,
    durationMs: 1,
    createdAt: new Date(Date.now() - ageDays * 86_400_000),
  });
  await db()
    .insert(apiLogs)
    .values([entry("/young", 29.9), entry("/old", 30.1)]);
  const stored = (key: string, hours: number) => ({
    merchantId,
    mode: "test" as const,
    key,
    fingerprint: "f",
    statusCode: 201,
    responseBody: "{}",
    createdAt: new Date(Date.now() - hours * 3_600_000),
  });
  await db()
    .insert(idempotencyKeys)
    .values([stored("young", 23.9), stored("old", 24.1)]);
  await job("prune").run();
  expect((await db().select().from(apiLogs)).map((row) => row.path)).toEqual(["/young"]);
  expect((await db().select().from(idempotencyKeys)).map((row) => row.key)).toEqual(["young"]);
});

it("every job may run twice at once without harm", async () => {
  const jobs = [...createJobs(randomUUID()), ...createJobs(randomUUID())];
  await Promise.all(jobs.map((each) => each.run()));
  const waiting = await db().execute(sql`select 1 from pg_locks where not granted`);
  expect(waiting).toHaveLength(0);
});
