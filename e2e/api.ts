import { randomUUID } from "node:crypto";
import { useTestDatabase } from "@/db/testing";
import { randomAddress } from "@/e2e/world";
import { api } from "@/lib/api";
import type { Network } from "@/lib/env";
import { createMerchant } from "@/lib/merchants/service";
import { addWallet } from "@/lib/wallets/service";

/** For tests of the REST API that need a database and no chain. */

export type TestAnswer = { status: number; body: Record<string, unknown>; headers: Headers; text: string };

export type TestRequest = {
  /** The API key; none is sent when it is left out. */
  key?: string;
  /** A string or bytes are sent as they are, everything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
};

/** Gives a test file its own database, and the API on it in this process. Limits are out of the way. */
export function useTestApi(variables: Record<string, string> = {}) {
  useTestDatabase({ RATE_LIMIT_MULTIPLIER: "1000", ...variables });
  return callApi;
}

async function callApi(method: string, path: string, request: TestRequest = {}): Promise<TestAnswer> {
  const { key, body, headers = {} } = request;
  const response = await api(
    new Request(`http://gateway.test/api/v1${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
    }),
  );
  const text = await response.text();
  const parsed = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body: parsed, headers: response.headers, text };
}

export type TestMerchant = Awaited<ReturnType<typeof createTestMerchant>>;

/** A merchant without wallets. */
export async function createTestMerchant() {
  const made = await createMerchant({ email: `${randomUUID()}@example.com`, name: "Shop" }, "test");
  const { merchantId: id, testKey, liveKey, webhookSecret } = made;
  return {
    id,
    testKey,
    liveKey,
    webhookSecret,
    addWallet: (network: Network, address = randomAddress()) => addWallet(id, { network, address }, "test"),
  };
}
