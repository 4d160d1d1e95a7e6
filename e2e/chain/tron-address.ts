import { createHash } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The byte that stands before the 20 of the EVM address on Tron mainnet and on the public testnets. */
export const tronPrefix = "41";

/** Base58check of bytes given in hex: a `T…` address for the 21 bytes that begin with 41. */
export function toBase58Check(hex: string): string {
  const payload = Buffer.from(hex, "hex");
  const bytes = Buffer.concat([payload, doubleHash(payload).subarray(0, 4)]);
  let value = BigInt(`0x${bytes.toString("hex") || "0"}`);
  let text = "";
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

/** The bytes behind a base58check text, in hex; null when a character or the checksum is wrong. */
export function fromBase58Check(text: string): string | null {
  let value = 0n;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return null;
    value = value * 58n + BigInt(digit);
  }
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  const digits = value === 0n ? "" : value.toString(16);
  const bytes = Buffer.from("00".repeat(zeros) + (digits.length % 2 ? `0${digits}` : digits), "hex");
  if (bytes.length < 5) return null;
  const payload = bytes.subarray(0, -4);
  return doubleHash(payload).subarray(0, 4).equals(bytes.subarray(-4)) ? payload.toString("hex") : null;
}

/** A Tron address as HTTP answers show it: `T…` when `visible`, else 41 and 40 hex digits. From a 20-byte address. */
export function tronAddress(evmAddress: string, visible = false): string {
  const hex = tronPrefix + plainHex(evmAddress);
  return visible ? toBase58Check(hex) : hex;
}

/** The 20 bytes (40 hex digits) of an address written as `T…`, 41…, 0x… or bare; null for anything else. */
export function evmAddress(text: string): string | null {
  const hex = /^T/.test(text) ? fromBase58Check(text) : plainHex(text);
  if (hex === null || !/^[0-9a-f]*$/.test(hex)) return null;
  if (hex.length === 42 && hex.startsWith(tronPrefix)) return hex.slice(2);
  return hex.length === 40 ? hex : null;
}

/** Lower-case hex without 0x. */
export function plainHex(hex: string): string {
  return hex.replace(/^0x/i, "").toLowerCase();
}

function doubleHash(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(createHash("sha256").update(bytes).digest()).digest();
}
