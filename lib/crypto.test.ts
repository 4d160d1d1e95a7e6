import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decryptSecret, encryptSecret, randomToken, safeEqual, sha256 } from "./crypto";
import { resetEnv } from "./env";

const before = process.env.ENCRYPTION_KEY;
const useKey = (key: string | undefined) => {
  if (key === undefined) delete process.env.ENCRYPTION_KEY;
  else process.env.ENCRYPTION_KEY = key;
  resetEnv();
};
beforeAll(() => useKey("11".repeat(32)));
afterAll(() => useKey(before));

const CONTEXT = "merchant:a:webhook";

describe("encryptSecret", () => {
  it.each(["whsec_x", "", "ü€😀", "x".repeat(10_000)])("gives back what it was given: %.10s", (plain) => {
    expect(decryptSecret(encryptSecret(plain, CONTEXT), CONTEXT)).toBe(plain);
  });

  it("never gives the same text twice, and none that shows the secret", () => {
    const sealed = Array.from({ length: 50 }, () => encryptSecret("whsec_secret", CONTEXT));
    expect(new Set(sealed).size).toBe(50);
    for (const text of sealed) {
      expect(text).toMatch(/^v1\.[A-Za-z0-9_-]+$/);
      expect(Buffer.from(text.slice(3), "base64url").toString("latin1")).not.toContain("secret");
    }
  });

  it("does not decrypt in another row's place", () => {
    const sealed = encryptSecret("whsec_x", CONTEXT);
    for (const context of ["merchant:b:webhook", "merchant:a:webhook2", ""]) {
      expect(() => decryptSecret(sealed, context)).toThrow();
    }
  });

  it("does not decrypt with one bit changed, wherever it is", () => {
    const bytes = Buffer.from(encryptSecret("whsec_x", CONTEXT).slice(3), "base64url");
    for (let i = 0; i < bytes.length * 8; i++) {
      const changed = Buffer.from(bytes);
      changed[i >> 3] = (changed[i >> 3] ?? 0) ^ (1 << (i & 7));
      expect(() => decryptSecret(`v1.${changed.toString("base64url")}`, CONTEXT)).toThrow();
    }
  });

  it.each(["whsec_x", ""])("does not decrypt when it was cut or lengthened, with the plain text %j", (plain) => {
    const bytes = Buffer.from(encryptSecret(plain, CONTEXT).slice(3), "base64url");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decryptSecret(`v1.${bytes.subarray(0, length).toString("base64url")}`, CONTEXT)).toThrow();
    }
    const longer = Buffer.concat([bytes, Buffer.from([0])]).toString("base64url");
    expect(() => decryptSecret(`v1.${longer}`, CONTEXT)).toThrow();
  });

  it("does not decrypt under another key, and says which variable is missing where there is none", () => {
    const sealed = encryptSecret("whsec_x", CONTEXT);
    useKey("22".repeat(32));
    expect(() => decryptSecret(sealed, CONTEXT)).toThrow();
    useKey(undefined);
    expect(() => encryptSecret("x", CONTEXT)).toThrow(/ENCRYPTION_KEY/);
    useKey("11".repeat(32));
    expect(decryptSecret(sealed, CONTEXT)).toBe("whsec_x");
  });
});

describe("randomToken", () => {
  it("has the length asked for, only characters that cannot be mistaken for one another, and uses all of them", () => {
    const all = Array.from({ length: 200 }, () => randomToken(40));
    for (const token of all) expect(token).toMatch(/^[A-HJ-NP-Za-km-z2-9]{40}$/);
    expect(new Set(all).size).toBe(200);
    // 8,000 draws of 57 characters: that one is missing has a chance of 10⁻⁶⁰.
    expect(new Set(all.join("")).size).toBe(57);
    expect(randomToken(0)).toBe("");
  });
});

describe("sha256 and safeEqual", () => {
  it("sha256 is the standard's", () => {
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("safeEqual compares strings of any length", () => {
    expect(safeEqual("a", "a")).toBe(true);
    expect(safeEqual("", "")).toBe(true);
    for (const [a, b] of [
      ["a", "b"],
      ["a", "aa"],
      ["", "a"],
      ["\u00e9", "e\u0301"],
    ] as const) {
      expect(safeEqual(a, b)).toBe(false);
    }
  });
});
