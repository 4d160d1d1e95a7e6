import { eq, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { merchantLogos, merchants } from "@/db/schema";
import type { Merchant } from "./merchants";

export type Settings = Pick<
  Merchant,
  "name" | "timeZone" | "adjustmentLimit" | "defaultExpirySeconds" | "accentColor" | "frameOrigins"
>;
export type Logo = Pick<typeof merchantLogos.$inferSelect, "mediaType" | "content">;

/** Locks a merchant for a change of its settings, and gives them as they are. */
export async function lockSettings(tx: Executor, merchantId: string): Promise<Settings | null> {
  const [row] = await tx.select().from(merchants).where(eq(merchants.id, merchantId)).for("no key update");
  return row ?? null;
}

export async function updateSettings(tx: Executor, merchantId: string, changes: Partial<Settings>): Promise<void> {
  await tx.update(merchants).set(changes).where(eq(merchants.id, merchantId));
}

export async function storeLogo(tx: Executor, merchantId: string, logo: Logo): Promise<void> {
  const updated = { ...logo, updatedAt: sql`now()` };
  await tx
    .insert(merchantLogos)
    .values({ merchantId, ...logo })
    .onConflictDoUpdate({ target: merchantLogos.merchantId, set: updated });
}

/** @returns false where there was none. */
export async function deleteLogo(tx: Executor, merchantId: string): Promise<boolean> {
  const rows = await tx
    .delete(merchantLogos)
    .where(eq(merchantLogos.merchantId, merchantId))
    .returning({ merchantId: merchantLogos.merchantId });
  return rows.length > 0;
}
