import { and, asc, eq, isNull, lte, sql } from "drizzle-orm";
import type { Executor } from "@/db/client";
import { simulations } from "@/db/schema";

export type Simulation = typeof simulations.$inferSelect;

export async function insertSimulation(
  tx: Executor,
  simulation: Pick<Simulation, "invoiceId" | "step" | "transferId" | "dueAt">,
): Promise<Simulation> {
  const [row] = await tx.insert(simulations).values(simulation).returning();
  if (!row) throw new Error("no simulation was inserted");
  return row;
}

/** Locks one simulation that is due, the oldest; null where there is none that nobody else is doing. */
export async function lockDueSimulation(tx: Executor): Promise<Simulation | null> {
  const [row] = await tx
    .select()
    .from(simulations)
    .where(and(isNull(simulations.doneAt), lte(simulations.dueAt, sql`now()`)))
    .orderBy(asc(simulations.dueAt))
    .limit(1)
    .for("update", { skipLocked: true });
  return row ?? null;
}

export async function markSimulationDone(tx: Executor, id: string): Promise<void> {
  await tx.update(simulations).set({ doneAt: sql`now()` }).where(eq(simulations.id, id));
}
