import { expect, expectTypeOf, it } from "vitest";
import type { ApiLog, Invoice } from "../src/index";
import { WaitTimeoutError } from "../src/index";
import { failure, invoice, rejection, startScript } from "./script-server";

const page = (ids: string[], nextCursor: string | null, more = {}) => ({
  body: {
    data: ids.map((id) => invoice({ id })),
    pagination: { page: 1, limit: 2, total: 5, totalPages: 3, nextCursor, ...more },
  },
});

it("a list is asked for when it is used, and once however often it is awaited", async () => {
  const { client, requests } = await startScript(page(["a"], null));
  const list = client().invoices.list();
  expect(requests).toHaveLength(0);
  const first = await list;
  expect(await list).toBe(first);
  expect(requests.map(({ path }) => path)).toEqual(["/api/v1/invoices"]);
});

it("await gives a page, with its place and the next one", async () => {
  const { client, requests } = await startScript(page(["a", "b"], "c1"), page(["c"], null));
  const first = await client().invoices.list({ limit: 2, status: "confirmed" });
  expectTypeOf(first.data).toEqualTypeOf<Invoice[]>();
  expect(first.pagination).toMatchObject({ total: 5, nextCursor: "c1" });
  expect(first.hasNextPage).toBe(true);
  const second = await first.nextPage();
  expect(second?.data.map(({ id }) => id)).toEqual(["c"]);
  expect(second?.hasNextPage).toBe(false);
  expect(await second?.nextPage()).toBeNull();
  expect(requests.map(({ path }) => path)).toEqual([
    "/api/v1/invoices?limit=2&status=confirmed",
    "/api/v1/invoices?limit=2&status=confirmed&cursor=c1",
  ]);
});

it("for await goes through all pages by their cursors, and stops asking when the caller stops", async () => {
  const script = [page(["a", "b"], "c1"), page(["c", "d"], "c2"), page(["e"], null)];
  const { client, requests } = await startScript(...script);
  const ids: string[] = [];
  for await (const { id } of client().invoices.list({ page: 2, from: new Date("2024-01-15T14:30:00Z") })) ids.push(id);
  expect(ids).toEqual(["a", "b", "c", "d", "e"]);
  const from = "from=2024-01-15T14%3A30%3A00.000Z";
  expect(requests.map(({ path }) => path)).toEqual([
    `/api/v1/invoices?limit=100&page=2&${from}`,
    `/api/v1/invoices?limit=2&${from}&cursor=c1`,
    `/api/v1/invoices?limit=2&${from}&cursor=c2`,
  ]);
  const again = await startScript(...script);
  for await (const { id } of again.client().invoices.list()) if (id === "b") break;
  expect(again.requests).toHaveLength(1);
});

it("a log that moves to the next page while one reads comes once", async () => {
  const logs = (ids: string[], number: number) => ({
    body: { data: ids.map((id) => ({ id })), pagination: { page: number, limit: 2, total: 4, totalPages: 2 } },
  });
  const { client, requests } = await startScript(logs(["d", "c"], 1), logs(["c", "b"], 2));
  const seen: ApiLog[] = [];
  for await (const log of client().account.apiLogs()) seen.push(log);
  expect(seen.map(({ id }) => id)).toEqual(["d", "c", "b"]);
  expect(requests.map(({ path }) => path)).toEqual([
    "/api/v1/account/api-logs?limit=100",
    "/api/v1/account/api-logs?limit=2&page=2",
  ]);
});

it("an error on a later page reaches the loop", async () => {
  const { client } = await startScript(page(["a"], "c1"), failure(401, "unauthenticated"));
  const ids: string[] = [];
  const all = async () => {
    for await (const { id } of client().invoices.list()) ids.push(id);
  };
  expect(await rejection(all())).toMatchObject({ code: "unauthenticated" });
  expect(ids).toEqual(["a"]);
});

const later = new Date(Date.now() + 3_600_000).toISOString();

it("waitFor looks until the invoice is decided, through a gateway that restarts", async () => {
  const pending = { body: invoice({ expiresAt: later }) };
  const { client, requests } = await startScript(
    ...[pending, "reset" as const, failure(503, "unavailable"), failure(429, "rate_limited"), pending],
    { body: invoice({ status: "expired" }) },
  );
  const done = await client({ maxRetries: 0 }).invoices.waitFor("1", { intervalMs: 20 });
  expect(done.status).toBe("expired");
  expect(requests).toHaveLength(6);
});

it("waitFor gives up after its time with what it saw last, at once for what will not change, and by signal", async () => {
  const { client } = await startScript({ body: invoice({ expiresAt: later }) });
  const error = await rejection(client().invoices.waitFor("1", { intervalMs: 20, timeoutMs: 100 }));
  expect(error).toBeInstanceOf(WaitTimeoutError);
  expect(error).toMatchObject({ code: "wait_timeout", invoice: { status: "pending" } });
  const signal = AbortSignal.timeout(50);
  expect((await rejection(client().invoices.waitFor("1", { signal }))).name).toBe("TimeoutError");
  const gone = await startScript(failure(404, "not_found"));
  expect(await rejection(gone.client().invoices.waitFor("1"))).toMatchObject({ code: "not_found" });
  const over = await startScript({ body: invoice({ status: "pending", expiresAt: "2024-01-15T15:00:00Z" }) });
  const waiting = over.client().invoices.waitFor("1", { intervalMs: 10, signal: AbortSignal.timeout(100) });
  // Expired by the clock, and not yet by the chain: that is waited for.
  expect((await rejection(waiting)).name).toBe("TimeoutError");
});
