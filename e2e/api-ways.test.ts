import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "./gateway";
import { randomAddress } from "./world";

/**
 * The server hands the API's requests to it directly; what is spelled in an unusual way goes through the framework's router. Both
 * ways lead to the same answers.
 */

let gateway: Gateway;
let key: string;
beforeAll(async () => {
  gateway = await startGateway();
  const made = await gateway.admin<{ merchantId: string; testKey: string }>(
    "merchant:create",
    ...["--email", "ways@example.com", "--name", "Shop"],
  );
  key = made.testKey;
  const wallet = ["--merchant", made.merchantId, "--network", "ethereum", "--address", randomAddress()];
  await gateway.admin("wallet:add", ...wallet);
}, 600_000);
afterAll(() => gateway?.stop());

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    body,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
  });
  const answer = { status: response.status, text: await response.text() };
  const names = ["content-type", "cache-control", "allow", "www-authenticate", "ratelimit-policy"];
  const kept = [...names, "x-content-type-options", "referrer-policy"].map((name) => response.headers.get(name));
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  return { ...answer, headers: kept };
}

const parsed = (text: string) => (text === "" ? null : (JSON.parse(text) as Record<string, unknown>));
const WITHOUT_OWN = {
  id: 0,
  reference: 0,
  paymentUrl: 0,
  requestId: 0,
  createdAt: 0,
  expiresAt: 0,
  amountUsdtExact: 0,
};

it.each([
  ["POST", "/invoices", '{"amountUsdt": 1.50, "metadata": {"b": 1.0, "2": "ü"}}', 201],
  ["POST", "/invoices", '{"amountUsdt": 1.23456}', 400],
  ["POST", "/invoices", "{", 400],
  ["POST", "/invoices", `{"title":"${"x".repeat(200_000)}"}`, 413],
  ["GET", "/invoices/nothing", undefined, 404],
  ["HEAD", "/account", undefined, 200],
  ["OPTIONS", "/invoices", undefined, 204],
  ["DELETE", "/invoices", undefined, 405],
  ["GET", "/nowhere", undefined, 404],
])("%s %s %s", async (method, path, body, status) => {
  const direct = await ask(method, path, body);
  const routed = await ask(
    method,
    path.replace(/^\/(.)/, (_, c: string) => `/%${c.charCodeAt(0).toString(16)}`),
    body,
  );
  expect([direct.status, routed.status]).toEqual([status, status]);
  expect(direct.headers).toEqual(routed.headers);
  const [one, other] = [parsed(direct.text), parsed(routed.text)];
  expect({ ...one, ...WITHOUT_OWN, message: 0 }).toEqual({ ...other, ...WITHOUT_OWN, message: 0 });
});

it("a wrong key is refused on both", async () => {
  for (const path of ["/account", "/%61ccount"]) {
    expect((await ask("GET", path, undefined, { authorization: "Bearer test_nothing" })).status).toBe(401);
  }
});

it("what the direct way answers is in the API's log", async () => {
  const logged = async () => parsed((await ask("GET", "/account/api-logs?limit=100")).text)?.data as { path: string }[];
  await expect
    .poll(async () => (await logged()).map(({ path }) => path), { timeout: 10_000 })
    .toContain("/api/v1/invoices");
}, 20_000);
