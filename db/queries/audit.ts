import { and, desc, eq, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { auditLog, users } from "@/db/schema";

/** Who makes a change: `operator`, `system`, `user:<id>`, `key:<prefix>`; with the address it comes from where there is one. */
export type Actor = string | { name: string; ip: string | null };

type Entry = Omit<typeof auditLog.$inferInsert, "actor" | "ip"> & { actor: Actor };

/** Adds a line to the audit log; call it in the transaction of the change. */
export async function insertAudit(tx: Executor, { actor, ...entry }: Entry): Promise<void> {
  const { name, ip } = typeof actor === "string" ? { name: actor, ip: null } : actor;
  await tx.insert(auditLog).values({ ...entry, actor: name, ip });
}

/** A line of the audit log. `email`: the user's who did it, where it was one. */
export type AuditEntry = typeof auditLog.$inferSelect & { email: string | null };

/** A merchant's audit log, newest first. */
export async function listAudit(
  db: Executor,
  merchantId: string,
  { limit, after }: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<AuditEntry[]> {
  const older = after
    ? sql`(${auditLog.createdAt}, ${auditLog.id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
    : undefined;
  const rows = await db
    .select({ entry: auditLog, email: users.email })
    .from(auditLog)
    .leftJoin(users, and(eq(users.merchantId, auditLog.merchantId), eq(sql`'user:' || ${users.id}`, auditLog.actor)))
    .where(and(eq(auditLog.merchantId, merchantId), older))
    .orderBy(desc(auditLog.createdAt), desc(auditLog.id))
    .limit(limit);
  return rows.map(({ entry, email }) => ({ ...entry, email }));
}
