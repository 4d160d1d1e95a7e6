import type { Executor } from "@/db/client";
import { auditLog } from "@/db/schema";

/** Who makes a change: `operator`, `system`, `user:<id>`, `key:<prefix>`; with the address it comes from where there is one. */
export type Actor = string | { name: string; ip: string | null };

type Entry = Omit<typeof auditLog.$inferInsert, "actor" | "ip"> & { actor: Actor };

/** Adds a line to the audit log; call it in the transaction of the change. */
export async function insertAudit(tx: Executor, { actor, ...entry }: Entry): Promise<void> {
  const { name, ip } = typeof actor === "string" ? { name: actor, ip: null } : actor;
  await tx.insert(auditLog).values({ ...entry, actor: name, ip });
}
