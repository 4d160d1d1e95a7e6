import type { z } from "zod";
import { db } from "@/db/client";
import { type Actor, insertAudit } from "@/db/queries/audit";
import type { Merchant } from "@/db/queries/merchants";
import { findUserByEmail, findUserOfSession, setPassword, type User } from "@/db/queries/users";
import { limitSubject } from "@/lib/api/client-ip";
import { type DoorLimitName, rateLimiter } from "@/lib/api/rate-limit";
import { randomToken } from "@/lib/crypto";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { createMerchant, type NewMerchant } from "@/lib/merchants/service";
import { hashPassword, verifyPassword } from "./password";
import type { changePasswordSchema, loginSchema, registerSchema, resetPasswordSchema } from "./schema";

export type { Merchant, User };

/** What a session's signed cookie carries. It is believed only as long as the database agrees. */
export type Claims = { userId: string; merchantId: string; sessionVersion: number };

/**
 * Checks an e-mail address and password. Nothing tells an unknown address from a wrong password, neither the answer nor the
 * time that it takes.
 * @returns null where they do not fit. @throws {AppError} rate_limited, by address and by where it comes from.
 */
export async function logIn(input: z.output<typeof loginSchema>, ip: string | null): Promise<Claims | null> {
  const email = input.email.trim().toLowerCase().slice(0, 254);
  await throttle("login_address", limitSubject(ip));
  await throttle("login_account", email);
  // A NUL is in no address, and PostgreSQL would not take it.
  const user = email.includes("\0") ? null : await findUserByEmail(db(), email);
  if (!(await verifyPassword(user?.passwordHash ?? null, input.password)) || !user) return null;
  return { userId: user.id, merchantId: user.merchantId, sessionVersion: user.sessionVersion };
}

/** Who a session belongs to; null where it has ended: the password was changed, or the user is gone. */
export async function findAccount(claims: Claims): Promise<{ user: User; merchant: Merchant } | null> {
  return await findUserOfSession(db(), claims);
}

/** Whether people may open accounts by themselves. */
export const isRegistrationOpen = (): boolean => env().registration === "open";

/**
 * Opens an account. Without mail there is no way to keep from whoever asks that an address has one (they would see that no keys
 * come); so the answer names no reason, is as slow as a success, and few may be asked for from one place.
 * @throws {AppError} rate_limited, invalid_request
 */
export async function register(input: z.output<typeof registerSchema>, ip: string | null): Promise<NewMerchant> {
  if (!isRegistrationOpen()) {
    throw new AppError("invalid_request", "Registration is closed here. Ask the operator for an account");
  }
  await throttle("register", limitSubject(ip));
  try {
    return await createMerchant(input, { name: "registration", ip });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_request") throw error;
    const message = "No account can be opened with this address. If it is yours, log in";
    throw new AppError("invalid_request", message, { details: [{ path: "email", message }] });
  }
}

/**
 * Asks for the password again before something that matters.
 * @throws {AppError} invalid_request at `password`, rate_limited
 */
export async function confirmPassword(user: User, password: string): Promise<void> {
  await throttle("login_account", user.email);
  if (await verifyPassword(user.passwordHash, password)) return;
  const message = "This is not your password";
  throw new AppError("invalid_request", message, { details: [{ path: "password", message }] });
}

/** Changes a user's own password. Every session of the user ends, this one too: the caller logs in again. */
export async function changePassword(
  user: User,
  { password, newPassword }: z.output<typeof changePasswordSchema>,
  actor: Actor,
): Promise<void> {
  await confirmPassword(user, password);
  await storePassword(user, newPassword, "password.changed", actor);
}

/** Sets a user's password for the operator; a generated one where none is given. @throws {AppError} not_found */
export async function resetPassword(
  { email, password = randomToken(20) }: z.output<typeof resetPasswordSchema>,
  actor: Actor,
): Promise<{ email: string; password: string }> {
  const user = await findUserByEmail(db(), email);
  if (!user) throw new AppError("not_found", `There is no user with the e-mail address ${email}`);
  await storePassword(user, password, "password.reset", actor);
  return { email, password };
}

async function storePassword(user: User, password: string, action: string, actor: Actor): Promise<void> {
  const passwordHash = await hashPassword(password);
  await db().transaction(async (tx) => {
    await setPassword(tx, user.id, passwordHash);
    await insertAudit(tx, { merchantId: user.merchantId, actor, action, target: user.id });
  });
}

async function throttle(name: DoorLimitName, subject: string): Promise<void> {
  const decision = await rateLimiter().take(name, subject);
  if (decision.allowed) return;
  throw new AppError("rate_limited", `Too many attempts. Try again in ${decision.resetSeconds} s`);
}
