import type { Executor } from "@/db/client";
import { auditLog } from "@/db/schema";

/** Adds a line to the audit log; call it in the transaction of the change. */
export async function insertAudit(tx: Executor, entry: typeof auditLog.$inferInsert): Promise<void> {
  await tx.insert(auditLog).values(entry);
}
