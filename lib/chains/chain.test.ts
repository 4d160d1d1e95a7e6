import { describe, expect, it } from "vitest";
import { checkChain } from "./chain";
import { NodeError } from "./rpc";
import type { BlockHeader, TransferLog } from "./types";

const hash = (n: number, fork = "0") => `0x${fork}${n.toString(16).padStart(63, "0")}`;
const header = (number: number, fields: Partial<BlockHeader> = {}): BlockHeader => ({
  number,
  hash: hash(number),
  parentHash: hash(number - 1),
  time: new Date(1_700_000_000_000 + number * 1000),
  bloom: null,
  ...fields,
});
const entry = (blockNumber: number, blockHash = hash(blockNumber)): TransferLog => ({
  txHash: hash(99),
  blockNumber,
  blockHash,
  logIndex: 0,
  from: "0x01",
  to: "0x02",
  value: 1n,
});

describe("checkChain", () => {
  it("passes headers that follow one another, and logs of them", () => {
    expect(() => checkChain([header(5), header(6), header(7)], [entry(5), entry(7)])).not.toThrow();
    expect(() => checkChain([], [])).not.toThrow();
  });

  it("passes blocks of the same second, as BSC has them", () => {
    const time = new Date(1_700_000_000_000);
    expect(() => checkChain([header(5, { time }), header(6, { time })], [])).not.toThrow();
  });

  it("passes gaps between headers, and logs of blocks in a gap: these are checked when they are verified", () => {
    expect(() =>
      checkChain([header(5), header(90, { parentHash: hash(1, "f") })], [entry(40, hash(40, "f"))]),
    ).not.toThrow();
  });

  it("refuses a block that does not follow its neighbour, wherever in the row it stands", () => {
    for (const at of [1, 2, 3]) {
      const headers = [5, 6, 7, 8].map((n, i) => header(n, i === at ? { parentHash: hash(n - 1, "f") } : {}));
      expect(() => checkChain(headers, []), String(at)).toThrow(NodeError);
    }
    expect(() => checkChain([header(5), header(6, { hash: hash(6, "f") }), header(7)], [])).toThrow(/does not follow/);
  });

  it("refuses a block that is older than its parent", () => {
    const time = new Date(0);
    expect(() => checkChain([header(5), header(6, { time })], [])).toThrow(/older than its parent/);
  });

  it("refuses a log of another block than the header at its height", () => {
    expect(() => checkChain([header(5), header(6)], [entry(5), entry(6, hash(6, "f"))])).toThrow(NodeError);
  });
});
