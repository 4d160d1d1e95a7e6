import { db } from "@/db/client";
import { hasUsedKey, setKeyCopied } from "@/db/queries/merchants";
import { readSteps } from "@/db/queries/onboarding";
import { listKeys } from "@/lib/api-keys/service";
import { env } from "@/lib/env";
import type { Mode } from "@/lib/mode";
import type { Checklist } from "./checklist";

/** The mode that a merchant most likely wants to see: live once the live key has been used. */
export async function homeMode(merchantId: string): Promise<Mode> {
  return (await hasUsedKey(db(), merchantId, "live")) ? "live" : "test";
}

/** Remembers when the owner first copied an API key. */
export async function keyCopied(merchantId: string): Promise<void> {
  await setKeyCopied(db(), merchantId);
}

/** What is left of a merchant's start; null once every step is done. */
export async function getChecklist(merchantId: string): Promise<Checklist | null> {
  const steps = await readSteps(db(), merchantId);
  if (Object.values(steps).every(Boolean)) return null;
  const [key] = await listKeys(merchantId, "test");
  return { ...steps, appUrl: env().appUrl, testKeyPrefix: key?.prefix ?? "test_" };
}
