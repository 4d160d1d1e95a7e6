import { findSealedSecret } from "@/db/migrate";
import { decryptSecret } from "@/lib/crypto";
import { EnvError } from "@/lib/env";
import { secretContext } from "@/lib/webhooks/sign";

/**
 * Makes sure that ENCRYPTION_KEY is the one of this database: with another no webhook could be signed, and what is stored from now
 * on could not be read with the right one.
 * @throws {EnvError} where it is not.
 */
export async function checkEncryptionKey(databaseUrl: string): Promise<void> {
  const found = await findSealedSecret(databaseUrl);
  if (!found) return;
  try {
    decryptSecret(found.sealed, secretContext(found.merchantId));
  } catch {
    throw new EnvError(
      "ENCRYPTION_KEY is not the one that the database's secrets were encrypted with: set that one, or restore the secrets.json that it was generated in",
    );
  }
}
