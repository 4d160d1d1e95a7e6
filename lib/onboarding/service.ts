import { db } from "@/db/client";
import { hasUsedKey, setKeyCopied } from "@/db/queries/merchants";
import type { Mode } from "@/lib/mode";

/** The mode that a merchant most likely wants to see: live once the live key has been used. */
export async function homeMode(merchantId: string): Promise<Mode> {
  return (await hasUsedKey(db(), merchantId, "live")) ? "live" : "test";
}

/** Remembers when the owner first copied an API key. */
export async function keyCopied(merchantId: string): Promise<void> {
  await setKeyCopied(db(), merchantId);
}
