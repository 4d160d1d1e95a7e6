import { createCipheriv, createDecipheriv, createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { env } from "@/lib/env";

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** `length` random characters that cannot be mistaken for one another; 5.8 bits each. */
export function randomToken(length: number): string {
  let token = "";
  for (let i = 0; i < length; i++) token += ALPHABET[randomInt(ALPHABET.length)];
  return token;
}

/** SHA-256 in hex. For secrets with 128 bits or more of entropy only (API keys, tokens): no salt is needed there. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Compares two strings in time that does not depend on where they differ. */
export function safeEqual(a: string, b: string): boolean {
  const left = createHash("sha256").update(a).digest();
  const right = createHash("sha256").update(b).digest();
  return timingSafeEqual(left, right);
}

const encryptionKey = () => {
  const key = env().encryptionKey;
  if (!key) throw new Error("ENCRYPTION_KEY is not set");
  return Buffer.from(key, "hex");
};

/**
 * Encrypts a secret for storage: AES-256-GCM, `v1.` + base64url of nonce (12) ‖ tag (16) ‖ ciphertext.
 * `context` (the row it belongs to) is authenticated: a value moved to another row does not decrypt.
 */
export function encryptSecret(plain: string, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", encryptionKey(), nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url")}`;
}

/** @throws where the key, the context or the text is not the one it was encrypted with. */
export function decryptSecret(sealed: string, context: string): string {
  const bytes = Buffer.from(sealed.replace(/^v1\./, ""), "base64url");
  // The length is said aloud: left out, a tag that was cut to four bytes would do.
  const decipher = createDecipheriv("aes-256-gcm", encryptionKey(), bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}
