import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { closeDb, db } from "@/db/client";
import { invoices, merchants, wallets } from "@/db/schema";
import { useTestDatabase } from "@/db/testing";
import { limitOf } from "@/lib/api/rate-limit";
import { resetEnv } from "@/lib/env";
import { decodePayPath, encodePayPath } from "./paths";
import { payStatusPreflight } from "./responses";
import { getPayInvoice, payStatusResponse } from "./service";

useTestDatabase();

const PATHS = ["ORDER-12345", "a/b", "100%", "a b", "?x#y", "../", "a%2Fb", "ab.rsc", "api", "status"];

beforeAll(async () => {
  const merchantId = randomUUID();
  const walletId = randomUUID();
  const payoutAddress = "0x52908400098527886E0F7030069857D2E4169EE7";
  await db().insert(merchants).values({ id: merchantId, name: "Shop", webhookSecret: "x" });
  await db().insert(wallets).values({
    id: walletId,
    merchantId,
    network: "ethereum",
    address: payoutAddress,
    addressKey: payoutAddress.toLowerCase(),
    isDefault: true,
    watchSeq: 1,
  });
  const now = new Date();
  await db()
    .insert(invoices)
    .values(
      PATHS.map((reference) => ({
        merchantId,
        mode: "live" as const,
        walletId,
        network: "ethereum" as const,
        payoutAddress,
        reference,
        payPath: reference,
        amountRequested: 10_000n,
        amount: 10_000n,
        metadata: '{"private":1}',
        createdAt: now,
        expiresAt: new Date(now.getTime() + 1_800_000),
      })),
    );
});

const status = (path: string) => payStatusResponse(new Request(`https://pay.example/${path}`));

describe("GET …/status", () => {
  it.each(PATHS)("answers for %j under both addresses", async (payPath) => {
    for (const base of ["", "pay/"]) {
      const response = await status(`${base}${encodePayPath(payPath)}/status`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ reference: payPath, status: "pending", amountUsdtExact: "1.0000" });
    }
  });

  it("may be read by any origin and stored by none", async () => {
    const { headers } = await status("ORDER-12345/status");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(payStatusPreflight().headers.get("access-control-allow-methods")).toContain("GET");
  });

  it.each(["nope", "100%", "%FF", "a%00b", "%C3%BC", "a/b"])(
    "answers 404 in the contract's form to %j",
    async (path) => {
      const response = await status(`${path}/status`);
      const body = await response.json();
      expect(response.status).toBe(404);
      expect(body).toEqual({
        statusCode: 404,
        message: "No invoice has this reference",
        error: "Not Found",
        code: "not_found",
        requestId: response.headers.get("x-request-id"),
      });
    },
  );
});

describe("the page", () => {
  it("finds its invoice by the encoded segment, decoding once", async () => {
    const find = (segment: string) => getPayInvoice(decodePayPath(segment), null);
    expect((await find("a%252Fb")).reference).toBe("a%2Fb");
    expect((await find("a%2Fb")).reference).toBe("a/b");
    expect((await find("100%25")).reference).toBe("100%");
    for (const nowhere of ["a%00b", "100%", "nope"]) await expect(find(nowhere)).rejects.toThrow("No invoice");
  });
});

describe("guessing references", () => {
  const ask = (path: string, ip: string) =>
    payStatusResponse(new Request(`https://pay.example/${path}/status`, { headers: { "x-forwarded-for": ip } }));

  it("is answered so often a minute, and then not even a right guess is", async () => {
    const statuses: number[] = [];
    for (let i = 0; i <= limitOf("pay_unknown"); i++) statuses.push((await ask(`GUESS-${i}`, "203.0.113.1")).status);
    expect(statuses.slice(0, -1).every((status) => status === 404)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
    const refused = await ask("ORDER-12345", "203.0.113.1");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ statusCode: 429, code: "rate_limited", error: "Too Many Requests" });
    expect((await ask("ORDER-12345", "203.0.113.2")).status).toBe(200);
  });

  it("does not count those who watch an invoice that is there", async () => {
    for (let i = 0; i < 3 * limitOf("pay_unknown"); i++) {
      expect((await ask("ORDER-12345", "203.0.113.3")).status).toBe(200);
    }
  });
});

describe("without a database", () => {
  it("the status says 503 and tells nothing else", async () => {
    const url = process.env.DATABASE_URL;
    await closeDb();
    process.env.DATABASE_URL = "postgres://nobody:secret@127.0.0.1:1/none";
    resetEnv();
    try {
      const response = await status("ORDER-12345/status");
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await response.text()).not.toMatch(/secret|127\.0\.0\.1/);
    } finally {
      await closeDb();
      process.env.DATABASE_URL = url;
      resetEnv();
    }
  });
});
