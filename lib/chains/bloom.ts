import { keccak256, toBytes } from "viem";
import type { BlockHeader, TransferLog } from "./types";

/**
 * Blocks' bloom filters (Ethereum yellow paper, §4.4.3): each log adds its address and topics, three bits of 2048 each. A
 * filter that says no is right; one that says yes may be wrong, the more so the fuller it is.
 */

/** Beyond this share of set bits a filter says yes to nearly anything, and asking again would be wasted. */
const FULL = 0.5;
/** Nor is it asked where one block in twenty would say yes to one of the recipients by chance. */
const CHANCE = 0.05;

/** The same recipients are looked for in every block; other values come and go. */
const KEPT = 10_000;
const bitsOf = new Map<string, number[]>();

function bits(value: string): number[] {
  let known = bitsOf.get(value);
  if (!known) {
    const digest = keccak256(toBytes(value), "bytes");
    known = [0, 2, 4].map((i) => (((digest[i] ?? 0) << 8) | (digest[i + 1] ?? 0)) & 2047);
    if (bitsOf.size >= KEPT) bitsOf.clear();
    bitsOf.set(value, known);
  }
  return known;
}

/** Whether the filter may contain a value (20 or 32 bytes in hex). */
export function mayContain(bloom: string, value: string): boolean {
  return bits(value).every((bit) => {
    // Bit 0 is the lowest of the last byte.
    const digit = bloom.length - 1 - (bit >> 2);
    return (Number.parseInt(bloom[digit] ?? "0", 16) & (1 << (bit & 3))) !== 0;
  });
}

function fullness(bloom: string): number {
  let set = 0;
  for (const digit of bloom.slice(2)) for (let n = Number.parseInt(digit, 16); n > 0; n &= n - 1) set++;
  return set / 2048;
}

/** The filter that logs add up to. @param logs as `eth_getLogs` answers. */
export function bloomOf(logs: readonly { address: string; topics: readonly string[] }[]): string {
  const digits = new Uint8Array(512);
  for (const value of new Set(logs.flatMap(({ address, topics }) => [address, ...topics]))) {
    for (const bit of bits(value)) {
      const digit = 511 - (bit >> 2);
      digits[digit] = (digits[digit] ?? 0) | (1 << (bit & 3));
    }
  }
  return `0x${Array.from(digits, (digit) => digit.toString(16)).join("")}`;
}

/**
 * Blocks whose filter says that there may be a transfer to one of `recipients` (null: to anybody), although the node gave no
 * log of them: a node that lags behind itself answers so.
 */
export function suspiciousBlocks(
  headers: readonly BlockHeader[],
  logs: readonly TransferLog[],
  values: { token: string; topic: string; recipients: readonly string[] | null },
): BlockHeader[] {
  const withLogs = new Set(logs.map((entry) => entry.blockNumber));
  return headers.filter(({ number, bloom }) => {
    if (bloom === null || withLogs.has(number)) return false;
    const full = fullness(bloom);
    // Three bits a value: with this many recipients one of them is likely to be found in it by chance.
    if (full > FULL || full ** 3 * (values.recipients?.length ?? 0) > CHANCE) return false;
    if (!mayContain(bloom, values.token) || !mayContain(bloom, values.topic)) return false;
    return values.recipients?.some((key) => mayContain(bloom, `0x${key.slice(2).padStart(64, "0")}`)) ?? true;
  });
}
