import { db } from "@/db/client";
import { type AuditEntry, listAudit } from "@/db/queries/audit";
import { parsePosition, printPosition } from "@/lib/lists/position";

const PAGE = 50;

/** A page of a merchant's audit log, newest first. @param after where it begins, as `next` of the page before said. */
export async function listAuditLog(
  merchantId: string,
  after: string | undefined,
): Promise<{ entries: AuditEntry[]; next: string | null }> {
  const rows = await listAudit(db(), merchantId, { limit: PAGE + 1, after: parsePosition(after) });
  const entries = rows.slice(0, PAGE);
  const last = entries.at(-1);
  return { entries, next: rows.length > PAGE && last ? printPosition(last) : null };
}
