import { describe, expect, it } from "vitest";
import { bloomOf, mayContain, suspiciousBlocks } from "./bloom";
import type { BlockHeader, TransferLog } from "./types";

const address = (n: number) => `0x${n.toString(16).padStart(40, "0")}`;
const topic = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;
const TOKEN = address(0x70);
const TRANSFER = topic(0x7f);
const [ALICE, BOB] = [address(0xa11ce), address(0xb0b)];
const topicOf = (key: string) => `0x${key.slice(2).padStart(64, "0")}`;
const logTo = (to: string, token = TOKEN) => ({ address: token, topics: [TRANSFER, topic(1), topicOf(to)] });
const EMPTY = `0x${"0".repeat(512)}`;

describe("bloomOf and mayContain", () => {
  it("sets the three bits that the yellow paper takes from a value's hash", () => {
    // keccak256(0x0000000000000000000000000000000000000000) = 5380c7b7ae81a58e…: bits 0x380, 0x7b7 and 0x681.
    const bits = [0x380, 0x7b7, 0x681];
    const value = bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
    expect(bloomOf([{ address: address(0), topics: [] }])).toBe(`0x${value.toString(16).padStart(512, "0")}`);
  });

  it("is empty for no logs, and the same in any order and for any repetition", () => {
    expect(bloomOf([])).toBe(EMPTY);
    const [a, b] = [logTo(ALICE), logTo(BOB)];
    expect(bloomOf([a, b, a])).toBe(bloomOf([b, a]));
    expect(bloomOf([a])).not.toBe(bloomOf([a, b]));
  });

  it("never says no to what is in there", () => {
    const logs = Array.from({ length: 200 }, (_, i) => logTo(address(1000 + i)));
    const bloom = bloomOf(logs);
    for (const value of logs.flatMap((entry) => [entry.address, ...entry.topics])) {
      expect(mayContain(bloom, value)).toBe(true);
    }
  });

  it("says no to nearly all that is not, as long as the filter is not full", () => {
    const bloom = bloomOf(Array.from({ length: 70 }, (_, i) => logTo(address(1000 + i))));
    const wrong = Array.from({ length: 1000 }, (_, i) => topicOf(address(50_000 + i))).filter((value) =>
      mayContain(bloom, value),
    );
    expect(wrong.length).toBeLessThan(30);
    expect(mayContain(EMPTY, TOKEN)).toBe(false);
  });

  it("reads a filter in either case of its digits", () => {
    const bloom = bloomOf([logTo(ALICE)]);
    expect(mayContain(`0x${bloom.slice(2).toUpperCase()}`, TOKEN)).toBe(true);
  });

  it("goes on working past the number of values that it remembers", () => {
    for (let i = 0; i < 10_100; i++) mayContain(EMPTY, topic(i));
    expect(mayContain(bloomOf([logTo(ALICE)]), topicOf(ALICE))).toBe(true);
  });
});

describe("suspiciousBlocks", () => {
  const header = (number: number, bloom: string | null): BlockHeader => ({
    number,
    hash: topic(number),
    parentHash: topic(number - 1),
    time: new Date(0),
    bloom,
  });
  const found = (blockNumber: number): TransferLog => ({
    txHash: topic(9),
    blockNumber,
    blockHash: topic(blockNumber),
    logIndex: 0,
    from: address(1),
    to: ALICE,
    value: 1n,
  });
  const values = (recipients: string[] | null) => ({ token: TOKEN, topic: TRANSFER, recipients });
  const numbers = (headers: BlockHeader[], logs: TransferLog[], recipients: string[] | null) =>
    suspiciousBlocks(headers, logs, values(recipients)).map((block) => block.number);

  it("names the blocks that speak of a transfer to us although the node gave none", () => {
    const headers = [
      header(1, bloomOf([logTo(ALICE)])),
      header(2, bloomOf([logTo(BOB)])),
      header(3, bloomOf([logTo(ALICE)])),
    ];
    expect(numbers(headers, [found(3)], [ALICE])).toEqual([1]);
    expect(numbers(headers, [], [ALICE, BOB])).toEqual([1, 2, 3]);
  });

  it("names those that speak of any transfer where all of them were asked for", () => {
    const headers = [
      header(1, bloomOf([logTo(BOB)])),
      header(2, EMPTY),
      header(3, bloomOf([logTo(BOB, address(0x71))])),
    ];
    expect(numbers(headers, [], null)).toEqual([1]);
    expect(numbers(headers, [found(1)], null)).toEqual([]);
  });

  it("names none without the token, without the topic, without a recipient, or without a filter (Tron)", () => {
    expect(numbers([header(1, bloomOf([logTo(ALICE, address(0x71))]))], [], [ALICE])).toEqual([]);
    const other = { address: TOKEN, topics: [topic(0x80), topic(1), topicOf(ALICE)] };
    expect(numbers([header(1, bloomOf([other]))], [], [ALICE])).toEqual([]);
    expect(numbers([header(1, bloomOf([logTo(ALICE)]))], [], [])).toEqual([]);
    expect(numbers([header(1, null)], [], [ALICE])).toEqual([]);
  });

  it("names none whose filter is so full that it says yes to anything", () => {
    const crowd = bloomOf([logTo(ALICE), ...Array.from({ length: 700 }, (_, i) => logTo(address(1000 + i)))]);
    expect(numbers([header(1, crowd)], [], [ALICE])).toEqual([]);
  });
});
