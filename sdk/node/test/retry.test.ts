import { describe, expect, it } from "vitest";
import { ConnectionError, RateLimitError, ServerError, TimeoutError, UsdtGatewayError } from "../src/index";
import { parseRetryAfter, retryDelayMs } from "../src/retry";
import { failure, invoice, rejection, type Step, startScript } from "./script-server";

const create = { amountUsdt: "150.0000", reference: "ORDER-12345" };
const ok: Step = { status: 201 };
const now = { "Retry-After": "0" };

describe("what passes is tried again, until it works", () => {
  it.each<[string, Step]>([
    ["429", failure(429, "rate_limited", {}, now)],
    ["409 while the first request is still worked on", failure(409, "idempotency_in_flight", {}, now)],
    ["500", failure(500, "internal", {}, now)],
    ["503", failure(503, "unavailable", {}, now)],
    ["a proxy's 502", { status: 502, headers: now, body: "<html>Bad Gateway</html>" }],
    ["a connection that is closed", "reset"],
    ["an answer that is cut off", "cut"],
  ])("%s", async (_what, step) => {
    const { client, requests } = await startScript(step, step, ok);
    const created = await client().invoices.create(create);
    expect(created.id).toBe(invoice().id);
    expect(requests).toHaveLength(3);
    // The very same request: the gateway can tell that it is one.
    const keys = new Set(requests.map(({ headers }) => headers["idempotency-key"]));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(requests.map(({ body }) => body))).toEqual(new Set([JSON.stringify(create)]));
  });

  it.each<Step>(["hang", "stall"])("a gateway that does not answer (%s)", async (step) => {
    const { client, requests } = await startScript(step, ok);
    await client({ timeoutMs: 200 }).invoices.create(create);
    expect(requests).toHaveLength(2);
  });

  it("every call of create has a key of its own, or the caller's", async () => {
    const { client, requests } = await startScript(ok);
    await client().invoices.create(create);
    await client().invoices.create(create);
    await client().invoices.create(create, { idempotencyKey: "order-1" });
    const keys = requests.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe("order-1");
  });
});

describe("what does not pass is not tried again", () => {
  it.each<[string, Step]>([
    ["400", failure(400, "invalid_request", {}, now)],
    ["401", failure(401, "unauthenticated", {}, now)],
    ["404", failure(404, "not_found", {}, now)],
    ["a reference that is taken", failure(409, "duplicate_reference", {}, now)],
    ["an amount that is taken", failure(409, "amount_unavailable", {}, now)],
    ["422", failure(422, "idempotency_mismatch", {}, now)],
    ["a wait of an hour", failure(429, "rate_limited", {}, { "Retry-After": "3600" })],
    ["HTML with 200", { body: "<html>" }],
  ])("%s", async (_what, step) => {
    const { client, requests } = await startScript(step, ok);
    expect(await rejection(client().invoices.create(create))).toBeInstanceOf(UsdtGatewayError);
    expect(requests).toHaveLength(1);
  });

  it("anything, when maxRetries is 0; and at most maxRetries times", async () => {
    const { client, requests } = await startScript(failure(500, "internal", {}, now));
    expect(await rejection(client({ maxRetries: 0 }).invoices.create(create))).toMatchObject({ attempts: 1 });
    expect(requests).toHaveLength(1);
    const error = await rejection(client().invoices.create(create, { maxRetries: 3 }));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ attempts: 4, statusCode: 500, requestId: "request-1" });
    expect(requests).toHaveLength(5);
  });
});

describe("what could be done twice is not repeated", () => {
  const invoiceId = invoice().id;

  it.each<[string, Step]>([
    ["a lost connection", "reset"],
    ["a cut answer", "cut"],
    ["500", failure(500, "internal", {}, now)],
    ["503", failure(503, "unavailable", {}, now)],
  ])("a simulated payment after %s", async (_what, step) => {
    const { client, requests } = await startScript(step, ok);
    expect(await rejection(client().sandbox.simulatePayment({ invoiceId }))).toBeInstanceOf(UsdtGatewayError);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers["idempotency-key"]).toBeUndefined();
  });

  it("but after 429 nothing was done, so it is", async () => {
    const { client, requests } = await startScript(failure(429, "rate_limited", {}, now), {
      body: { id: "1", invoice: invoice() },
    });
    await client().sandbox.simulatePayment({ invoiceId });
    expect(requests).toHaveLength(2);
  });

  it("nor was anything done where nobody listens", async () => {
    const { client, url, close } = await startScript(ok);
    close();
    const error = await rejection(client({ baseUrl: url, maxRetries: 1 }).sandbox.triggerExpiry({ invoiceId }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ attempts: 2, code: "ECONNREFUSED" });
    expect(error.message).toContain("is the gateway running");
  });
});

describe("cancel", () => {
  it("is done when only the answer of an earlier try was lost", async () => {
    const cancelled = { body: invoice({ status: "cancelled" }) };
    const { client, requests } = await startScript("reset", failure(400, "invoice_not_cancellable"), cancelled);
    expect((await client().invoices.cancel(invoice().id)).status).toBe("cancelled");
    expect(requests.map(({ method }) => method)).toEqual(["POST", "POST", "GET"]);
  });

  it("fails when the invoice is paid meanwhile, and when it was cancelled before", async () => {
    const refused = failure(400, "invoice_not_cancellable");
    const paid = await startScript("reset", refused, { body: invoice({ status: "confirmed" }) });
    expect(await rejection(paid.client().invoices.cancel("1"))).toMatchObject({ code: "invoice_not_cancellable" });
    const before = await startScript(refused, { body: invoice({ status: "cancelled" }) });
    expect(await rejection(before.client().invoices.cancel("1"))).toMatchObject({ code: "invoice_not_cancellable" });
    expect(before.requests).toHaveLength(1);
  });
});

describe("how long it waits", () => {
  it("not before Retry-After is over", async () => {
    const { client, requests } = await startScript(failure(429, "rate_limited", {}, { "Retry-After": "1" }), {});
    await client().invoices.retrieve("1");
    const [first, second] = requests.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("without one, longer each time, and never the same for all", () => {
    const error = new ServerError("", { code: "internal", statusCode: 500 });
    const least = [1, 2, 3, 4, 5, 9].map((failures) => retryDelayMs(error, failures, true, 0));
    const most = [1, 2, 3, 4, 5, 9].map((failures) => retryDelayMs(error, failures, true, 1));
    expect(least).toEqual([250, 500, 1000, 2000, 4000, 4000]);
    expect(most).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });

  it("Retry-After may be seconds or a date", () => {
    const at = Date.parse("2024-01-15T14:30:00Z");
    expect(parseRetryAfter("12", at)).toBe(12);
    expect(parseRetryAfter("Mon, 15 Jan 2024 14:30:07 GMT", at)).toBe(7);
    expect(parseRetryAfter("Mon, 15 Jan 2024 14:29:00 GMT", at)).toBe(0);
    for (const odd of [null, "", "soon", "-3", "1e9"]) expect(parseRetryAfter(odd, at)).toBeUndefined();
    const far = new RateLimitError("", { code: "rate_limited", statusCode: 429, retryAfterSeconds: 61 });
    expect(retryDelayMs(far, 1, true)).toBeNull();
  });
});

describe("the caller's signal", () => {
  it("ends a request under way, and the wait before the next one, with its reason", async () => {
    const hanging = await startScript("hang");
    const reason = new Error("the customer left");
    const asked = hanging.client().invoices.retrieve("1", { signal: abortedIn(50, reason) });
    expect(await rejection(asked)).toBe(reason);
    const busy = await startScript(failure(429, "rate_limited", {}, { "Retry-After": "30" }));
    expect(await rejection(busy.client().invoices.create(create, { signal: abortedIn(50, reason) }))).toBe(reason);
    expect(busy.requests).toHaveLength(1);
  });

  it("that is aborted already sends nothing", async () => {
    const { client, requests } = await startScript({});
    const error = await rejection(client().invoices.retrieve("1", { signal: AbortSignal.abort() }));
    expect(error.name).toBe("AbortError");
    expect(requests).toEqual([]);
  });

  it("has no listener left when the call is over", async () => {
    const { client } = await startScript(failure(500, "internal", {}, now), {});
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await client().invoices.retrieve("1", { signal });
    expect(listeners).toBe(0);
  });
});

function abortedIn(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
}

describe("an error after the last try", () => {
  it("of a lost answer names the key with which no second invoice can come of it", async () => {
    const { client, requests } = await startScript("hang");
    const error = await rejection(client({ timeoutMs: 50, maxRetries: 0 }).invoices.create(create));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toContain("within 50 ms");
    expect(error.message).toContain("idempotencyKey");
    expect(error).toMatchObject({ code: "timeout", idempotencyKey: requests[0]?.headers["idempotency-key"] });
  });
});
