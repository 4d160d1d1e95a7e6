/** The reader's own test key, kept in this browser tab only. Registration puts a new account's key there too. */
const STORED = "usdt-gateway.test-key";

/** Never a live one: what is not a test key is not taken. */
export const isTestKey = (text: string): boolean => /^test_[A-Za-z0-9]{20,80}$/.test(text);

/** The key, or null where there is none. */
export function readTestKey(): string | null {
  try {
    const key = sessionStorage.getItem(STORED) ?? "";
    return isTestKey(key) ? key : null;
  } catch {
    return null;
  }
}

/** Keeps a key, or forgets it. */
export function storeTestKey(key: string | null): void {
  try {
    if (key === null) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, key);
  } catch {
    // A browser without storage: the key is in this page only.
  }
}
