import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { serializeError } from "@/lib/log";
import { db, reasonOf } from "./client";
import { useTestDatabase } from "./testing";

useTestDatabase();

const SECRET = "the hash\n    at of: a password";

/** As a job or a request fails: within a transaction, with values in the statement. */
const failure = (): Promise<unknown> =>
  db()
    .transaction((tx) => tx.execute(sql`select ${"first"}::text, ${SECRET}::uuid`))
    .then(
      () => null,
      (error: unknown) => error,
    );

it("what is shown of a failed statement has neither its text nor its values", async () => {
  expect(reasonOf(await failure())).toBe("PostgreSQL refused a statement: 22P02");
  expect(reasonOf(new Error("no block"))).toBe("no block");
});

it("what is logged of a failed statement has its text and PostgreSQL's reason, and no list of its values", async () => {
  const error = await failure();
  expect(String(error)).toContain(SECRET);
  const logged = serializeError(error) as Record<string, string>;
  expect(logged.message).toContain("select $1::text");
  expect(logged.stack).toContain("client.integration.test.ts");
  expect(logged.params).toBeUndefined();
  expect(JSON.stringify(logged)).not.toContain("first");
});
