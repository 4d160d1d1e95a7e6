import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { db } from "@/db/client";
import { useWorld } from "@/e2e/world";
import { resetEnv } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { changeMerchantStatus } from "@/lib/merchants/service";
import { runAction } from "./actions";
import { changePasswordSchema, registerSchema, resetPasswordSchema } from "./schema";
import { changePassword, findAccount, logIn, register, resetPassword } from "./service";

/** Accounts and sessions on a real database, with the limits of production. */
useWorld([], { RATE_LIMIT_MULTIPLIER: "1" });

const PASSWORD = "correct horse battery";
const newAddress = () => `${randomUUID()}@example.com`;
let lastIp = 0;
/** An address nobody has called from: limits are per address. */
const newIp = () => `198.51.${Math.floor(++lastIp / 250)}.${lastIp % 250}`;

async function newAccount(email = newAddress()) {
  const merchant = await register(registerSchema.parse({ name: "Shop", email, password: PASSWORD }), newIp());
  const claims = await logIn({ email, password: PASSWORD }, newIp());
  const account = claims && (await findAccount(claims));
  if (!account) throw new Error("the new account cannot log in");
  return { email, merchant, claims, account };
}

const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof AppError ? error.code : error;
};

describe("logging in", () => {
  it("takes the address in any case and the password only as it is", async () => {
    const { email, merchant } = await newAccount();
    const claims = await logIn({ email: ` ${email.toUpperCase()}`, password: PASSWORD }, newIp());
    expect(claims).toMatchObject({ merchantId: merchant.merchantId, sessionVersion: 0 });
    for (const password of [PASSWORD.toUpperCase(), `${PASSWORD} `, "", "x".repeat(100_000)]) {
      expect(await logIn({ email, password }, newIp())).toBeNull();
    }
  });

  it("answers an unknown address, one without a password and nonsense as a wrong password", async () => {
    const email = newAddress();
    await register(registerSchema.parse({ name: "Shop", email, password: PASSWORD }), newIp());
    await db().execute(sql`update users set password_hash = null where email = ${email}`);
    for (const address of [email, newAddress(), "\0", "' or 1=1 --", ""]) {
      expect(await logIn({ email: address, password: "nobody's password" }, newIp())).toBeNull();
    }
  });

  it("takes as long for an unknown address as for a wrong password", async () => {
    const { email } = await newAccount();
    const fastest = async (address: string) => {
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        const begun = performance.now();
        await logIn({ email: address, password: "a wrong password" }, newIp());
        times.push(performance.now() - begun);
      }
      return Math.min(...times);
    };
    const known = await fastest(email);
    const unknown = await fastest(newAddress());
    // Without the hash it would be some hundredth of it.
    expect(unknown).toBeGreaterThan(known / 4);
  });

  it("is throttled per account, the right password too, wherever it comes from; other accounts are not", async () => {
    const { email } = await newAccount();
    for (let i = 0; i < 9; i++) expect(await logIn({ email, password: "wrong" }, newIp())).toBeNull();
    expect(await codeOf(logIn({ email: email.toUpperCase(), password: PASSWORD }, newIp()))).toBe("rate_limited");
    await newAccount();
  });

  it("is throttled per IP address, over all accounts", async () => {
    const ip = newIp();
    for (let i = 0; i < 30; i++) expect(await logIn({ email: newAddress(), password: "wrong" }, ip)).toBeNull();
    expect(await codeOf(logIn({ email: newAddress(), password: "wrong" }, ip))).toBe("rate_limited");
  });
});

describe("registering", () => {
  it("gives both keys and the secret, and records where from", async () => {
    const { merchant } = await newAccount();
    expect(merchant.testKey).toMatch(/^test_/);
    expect(merchant.liveKey).toMatch(/^live_/);
    expect(merchant.webhookSecret).toMatch(/^whsec_/);
    const [entry] = await db().execute<{ actor: string; ip: string }>(
      sql`select actor, ip from audit_log where merchant_id = ${merchant.merchantId} and action = 'merchant.created'`,
    );
    expect(entry).toEqual({ actor: "registration", ip: expect.stringMatching(/^198\.51\./) });
  });

  it("an address that has an account is refused without saying so, and changes nothing", async () => {
    const { email } = await newAccount();
    const again = registerSchema.parse({ name: "Other", email: email.toUpperCase(), password: "another password" });
    const error = await register(again, newIp()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_request" });
    expect((error as AppError).message).not.toMatch(/already|exists|taken/);
    expect(await logIn({ email, password: PASSWORD }, newIp())).not.toBeNull();
  });

  it("is throttled per IP address", async () => {
    const ip = newIp();
    const attempt = () => register(registerSchema.parse({ name: "S", email: newAddress(), password: PASSWORD }), ip);
    for (let i = 0; i < 10; i++) await attempt();
    expect(await codeOf(attempt())).toBe("rate_limited");
  });

  it("is refused where the operator has closed it", async () => {
    process.env.REGISTRATION = "closed";
    resetEnv();
    try {
      const input = registerSchema.parse({ name: "Shop", email: newAddress(), password: PASSWORD });
      await expect(register(input, newIp())).rejects.toThrow("Registration is closed");
      expect(await logIn({ email: input.email, password: PASSWORD }, newIp())).toBeNull();
    } finally {
      delete process.env.REGISTRATION;
      resetEnv();
    }
  });

  it.each([
    [{ password: "too short" }, "password"],
    [{ email: "nobody" }, "email"],
    [{ name: "  " }, "name"],
  ])("refuses %j", (wrong, path) => {
    const parsed = registerSchema.safeParse({ name: "Shop", email: newAddress(), password: PASSWORD, ...wrong });
    expect(parsed.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});

describe("a session", () => {
  it("ends everywhere when the password is changed; the new one opens another", async () => {
    const { email, claims, account } = await newAccount();
    const input = changePasswordSchema.parse({ password: PASSWORD, newPassword: "a new password" });
    await changePassword(account.user, input, { name: `user:${account.user.id}`, ip: "203.0.113.9" });
    expect(claims && (await findAccount(claims))).toBeNull();
    expect(await logIn({ email, password: PASSWORD }, newIp())).toBeNull();
    const next = await logIn({ email, password: "a new password" }, newIp());
    expect(next && (await findAccount(next))?.user.email).toBe(email);
    const [entry] = await db().execute<{ line: string; ip: string }>(
      sql`select row_to_json(a)::text as line, ip from audit_log a where merchant_id = ${account.merchant.id} and action = 'password.changed'`,
    );
    expect(entry?.ip).toBe("203.0.113.9");
    expect(entry?.line).not.toContain("a new password");
  });

  it("stays when the present password was wrong, and the answer says at which field", async () => {
    const { claims, account } = await newAccount();
    const input = { password: "wrong", newPassword: "a new password" };
    await expect(changePassword(account.user, input, "test")).rejects.toMatchObject({
      extra: { details: [{ path: "password" }] },
    });
    expect(claims && (await findAccount(claims))).not.toBeNull();
  });

  it("ends when the operator sets a password; a generated one is long and works", async () => {
    const { email, claims } = await newAccount();
    const { password } = await resetPassword(resetPasswordSchema.parse({ email: email.toUpperCase() }), "operator");
    expect(password).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(claims && (await findAccount(claims))).toBeNull();
    expect(await logIn({ email, password }, newIp())).not.toBeNull();
    expect(await codeOf(resetPassword({ email: newAddress() }, "operator"))).toBe("not_found");
  });

  it("is nobody's with another merchant's or user's id in it", async () => {
    const [one, other] = [await newAccount(), await newAccount()];
    if (!one.claims || !other.claims) throw new Error("no claims");
    expect(await findAccount({ ...one.claims, merchantId: other.claims.merchantId })).toBeNull();
    expect(await findAccount({ ...one.claims, sessionVersion: 1 })).toBeNull();
    expect(await findAccount({ ...one.claims, userId: randomUUID() })).toBeNull();
  });
});

describe("an action", () => {
  const schema = z.object({ name: z.string().min(1, "name must not be empty") });
  const write = { schema, input: { name: "x" }, reads: false };

  it("gets who and in which mode from the session and the page, never from its input", async () => {
    const { account } = await newAccount();
    const page = { mode: "live", merchantId: account.merchant.id };
    const input = { name: "x", merchantId: randomUUID(), mode: "test" };
    const result = await runAction(
      { account, ip: "203.0.113.9" },
      page,
      { ...write, input },
      async (context, parsed) => ({
        scope: context.scope,
        actor: context.actor,
        parsed,
      }),
    );
    expect(result).toEqual({
      ok: true,
      data: { scope: page, actor: { name: `user:${account.user.id}`, ip: "203.0.113.9" }, parsed: { name: "x" } },
    });
  });

  it("does nothing without a session, on a page of another merchant, in no mode, or while suspended", async () => {
    const [one, other] = [await newAccount(), await newAccount()];
    const own = { mode: "test", merchantId: one.account.merchant.id };
    const work = async () => {
      throw new Error("the work was done");
    };
    const attempts = [
      runAction({ account: null, ip: null }, own, write, work),
      runAction({ account: one.account, ip: null }, { ...own, merchantId: other.account.merchant.id }, write, work),
      runAction({ account: one.account, ip: null }, { ...own, mode: "both" }, write, work),
      runAction({ account: one.account, ip: null }, undefined, write, work),
    ];
    const messages = (await Promise.all(attempts)).map((result) => (result.ok ? "ok" : result.message));
    expect(messages[0]).toMatch(/^You are logged out/);
    for (const message of messages.slice(1)) expect(message).toMatch(/^This page belongs to another account/);
    await changeMerchantStatus(own.merchantId, "suspended", "test");
    const account = one.claims && (await findAccount(one.claims));
    expect(await runAction({ account, ip: null }, own, write, work)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/suspended/),
    });
    expect(await runAction({ account, ip: null }, own, { ...write, reads: true }, async () => 1)).toMatchObject({
      ok: true,
    });
  });

  it("says what is wrong at which field, and of what we did not expect only that it is ours", async () => {
    const { account } = await newAccount();
    const caller = { account, ip: null };
    const page = { mode: "test", merchantId: account.merchant.id };
    const attempt = (input: unknown, work: () => Promise<unknown>) =>
      runAction(caller, page, { ...write, input }, work);
    expect(await attempt({ name: "" }, async () => 1)).toEqual({
      ok: false,
      message: "name must not be empty",
      fields: { name: "name must not be empty" },
    });
    const refused = new AppError("invalid_request", "no", { details: [{ path: "name", message: "is taken" }] });
    expect(await attempt({ name: "x" }, () => Promise.reject(refused))).toMatchObject({ fields: { name: "is taken" } });
    const secret = await attempt({ name: "x" }, () => Promise.reject(new Error("password of the database")));
    expect(secret).toMatchObject({ ok: false, fields: {} });
    expect(JSON.stringify(secret)).not.toContain("database");
  });
});
