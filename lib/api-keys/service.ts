import { db } from "@/db/client";
import { type ApiKey, findApiKey, listApiKeys, type Merchant } from "@/db/queries/merchants";
import type { Mode } from "@/db/schema/columns";
import { randomToken, sha256 } from "@/lib/crypto";
import { noteUse } from "./last-used";

/** 40 characters of a 57-letter alphabet: 233 bits. */
const SECRET_LENGTH = 40;
const PREFIX_LENGTH = 12;

/** A new key: the text, which is shown once, and what is stored of it. */
export function newApiKey(mode: Mode): { key: string; stored: Pick<ApiKey, "mode" | "prefix" | "hash"> } {
  const key = `${mode}_${randomToken(SECRET_LENGTH)}`;
  return { key, stored: { mode, prefix: key.slice(0, PREFIX_LENGTH), hash: sha256(key) } };
}

/** Whose key this is, or null where it is none, or no longer. The mode comes from the stored key, not from its text. */
export async function authenticateKey(key: string): Promise<{ key: ApiKey; merchant: Merchant } | null> {
  // What cannot be a key needs no query.
  if (!/^(test|live)_[A-Za-z0-9]{20,80}$/.test(key)) return null;
  const found = await findApiKey(db(), sha256(key));
  if (found) noteUse(found.key);
  return found;
}

/** A merchant's keys of a mode that work now, the current one first; older ones are in their grace period. */
export async function listKeys(merchantId: string, mode: Mode): Promise<Omit<ApiKey, "hash">[]> {
  return await listApiKeys(db(), merchantId, mode);
}
