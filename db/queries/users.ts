import { and, eq, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { merchants, users } from "@/db/schema";
import type { Merchant } from "./merchants";

export type User = typeof users.$inferSelect;

/** @param email in lower case, as all are stored. */
export async function findUserByEmail(db: Executor, email: string): Promise<User | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email));
  return row ?? null;
}

/** A user with the merchant, unless the password has changed since `sessionVersion`. */
export async function findUserOfSession(
  db: Executor,
  session: { userId: string; merchantId: string; sessionVersion: number },
): Promise<{ user: User; merchant: Merchant } | null> {
  const [row] = await db
    .select({ user: users, merchant: merchants })
    .from(users)
    .innerJoin(merchants, eq(merchants.id, users.merchantId))
    .where(
      and(
        eq(users.id, session.userId),
        eq(users.merchantId, session.merchantId),
        eq(users.sessionVersion, session.sessionVersion),
      ),
    );
  return row ?? null;
}

/** Sets a password, which ends every session that the user has. */
export async function setPassword(tx: Executor, userId: string, passwordHash: string): Promise<void> {
  const sessionVersion = sql`${users.sessionVersion} + 1`;
  await tx.update(users).set({ passwordHash, sessionVersion }).where(eq(users.id, userId));
}
