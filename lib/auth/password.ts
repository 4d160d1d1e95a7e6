import { hash, verify } from "@node-rs/argon2";

/** argon2id with the library's defaults, which follow OWASP's advice. */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

let nobody: Promise<string> | undefined;

/**
 * Whether this is the password. Takes the same time where there is no hash (an unknown user, or one who has no password yet),
 * so that nobody can tell by the clock who has an account.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  nobody ??= hash("nobody's password");
  // No password is longer; hashing megabytes would be work for nothing.
  const fits = await verify(passwordHash ?? (await nobody), password.slice(0, 1000)).catch(() => false);
  return fits && passwordHash !== null;
}
