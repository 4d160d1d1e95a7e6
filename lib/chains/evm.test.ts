import { describe, expect, it } from "vitest";
import { readHeader, readReceipt, readTransferLog, TRANSFER_TOPIC } from "./evm";
import { NodeError } from "./rpc";
import type { TransferLog } from "./types";

const TOKEN = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const OTHER = "0x55d398326f99059ff775485246999027b3197955";
const hash = (digit: string) => `0x${digit.repeat(64)}`;
const word = (hex: string) => `0x${hex.padStart(64, "0")}`;
const FROM = "a".repeat(40);
const TO = "b".repeat(40);

const header = (fields: object = {}) => ({
  number: "0x10",
  hash: hash("1"),
  parentHash: hash("2"),
  timestamp: "0x65a54388",
  ...fields,
});
const log = (fields: object = {}) => ({
  address: TOKEN,
  topics: [TRANSFER_TOPIC, word(FROM), word(TO)],
  data: word("f4240"),
  blockNumber: "0x10",
  blockHash: hash("1"),
  transactionHash: hash("3"),
  transactionIndex: "0x0",
  logIndex: "0x5",
  removed: false,
  ...fields,
});
const READ: TransferLog = {
  txHash: hash("3"),
  blockNumber: 16,
  blockHash: hash("1"),
  logIndex: 5,
  from: `0x${FROM}`,
  to: `0x${TO}`,
  value: 1_000_000n,
};

const NO_NUMBERS = [undefined, null, 16, "16", "", "0x", "0xg", "-0x1", "0x20000000000000", " 0x1", {}, ["0x1"]];
const NO_HASHES = [
  undefined,
  null,
  "",
  "0x",
  hash("1").slice(0, 65),
  `${hash("1")}0`,
  `0x${"g".repeat(64)}`,
  "1".repeat(66),
  {},
];

describe("readHeader", () => {
  it("reads a block, in either case of the digits", () => {
    const expected = {
      number: 16,
      hash: hash("a"),
      parentHash: hash("b"),
      bloom: null,
      time: new Date("2024-01-15T14:39:04Z"),
    };
    const upper = (digit: string) => `0x${digit.repeat(64).toUpperCase()}`;
    expect(readHeader(header({ hash: upper("a"), parentHash: upper("b"), extra: {} }))).toEqual(expected);
  });

  it("keeps a block's bloom, and takes none for an empty one: Tron's is always zero", () => {
    const bloom = `0x${"0".repeat(511)}1`;
    expect(readHeader(header({ logsBloom: bloom }))?.bloom).toBe(bloom);
    for (const logsBloom of [undefined, null, 5, "0x", `0x${"0".repeat(512)}`]) {
      expect(readHeader(header({ logsBloom }))?.bloom).toBeNull();
    }
  });

  it("is null where the node has no such block", () => expect(readHeader(null)).toBeNull());

  it.each([undefined, "0x10", 16, [], [header()], true, {}])("refuses %j as no block", (value) =>
    expect(() => readHeader(value)).toThrow(NodeError),
  );

  it("refuses a block with any field unreadable, as a node's error", () => {
    for (const value of NO_NUMBERS) {
      for (const field of ["number", "timestamp"]) {
        expect(() => readHeader(header({ [field]: value })), `${field} ${value}`).toThrow(NodeError);
      }
    }
    for (const value of NO_HASHES) {
      for (const field of ["hash", "parentHash"]) {
        expect(() => readHeader(header({ [field]: value })), `${field} ${value}`).toThrow(NodeError);
      }
    }
  });
});

describe("readTransferLog", () => {
  it("reads a Transfer of the token, whatever the case of its digits", () => {
    expect(readTransferLog(log(), TOKEN)).toEqual(READ);
    const shouted = log({ address: `0x${TOKEN.slice(2).toUpperCase()}`, data: `0x${"0".repeat(59)}F4240` });
    expect(readTransferLog(shouted, TOKEN)).toEqual(READ);
    expect(readTransferLog({ ...log(), removed: undefined }, TOKEN)).toEqual(READ);
  });

  it("reads the largest value there is without losing a digit", () => {
    expect(readTransferLog(log({ data: hash("f") }), TOKEN)?.value).toBe(2n ** 256n - 1n);
  });

  const LOOK_ALIKES: [string, object][] = [
    ["another contract's", { address: OTHER }],
    ["an address that only begins with the token's", { address: `${TOKEN}00` }],
    ["no address", { address: undefined }],
    ["an address in an array", { address: [OTHER, TOKEN] }],
    ["two topics (value indexed instead)", { topics: [TRANSFER_TOPIC, word(FROM)] }],
    ["four topics (ERC-721)", { topics: [TRANSFER_TOPIC, word(FROM), word(TO), word("1")], data: "0x" }],
    ["no topics", { topics: [] }],
    ["topics that are no list", { topics: TRANSFER_TOPIC }],
    ["an Approval", { topics: [hash("8"), word(FROM), word(TO)] }],
    ["no data", { data: "0x" }],
    ["short data", { data: `0x${"0".repeat(62)}` }],
    ["long data", { data: `0x${"0".repeat(128)}` }],
    ["data that is no hex", { data: `0x${"z".repeat(64)}` }],
    ["data that is a number", { data: 1_000_000 }],
    ["a transfer of nothing", { data: word("0") }],
    ["removed by a reorg", { removed: true }],
  ];
  it.each(LOOK_ALIKES)("is null for %s", (_what, fields) => expect(readTransferLog(log(fields), TOKEN)).toBeNull());

  it.each([null, undefined, "log", 1, [log()]])("refuses %j as an unreadable log", (value) =>
    expect(() => readTransferLog(value, TOKEN)).toThrow(NodeError),
  );

  it("refuses the token's own Transfer with anything unreadable: it must not be passed over as if it were not there", () => {
    for (const value of NO_NUMBERS) {
      for (const field of ["blockNumber", "logIndex"]) {
        expect(() => readTransferLog(log({ [field]: value }), TOKEN), `${field} ${value}`).toThrow(NodeError);
      }
    }
    for (const value of NO_HASHES) {
      for (const field of ["blockHash", "transactionHash"]) {
        expect(() => readTransferLog(log({ [field]: value }), TOKEN), `${field} ${value}`).toThrow(NodeError);
      }
      expect(() => readTransferLog(log({ topics: [TRANSFER_TOPIC, word(FROM), value] }), TOKEN)).toThrow(NodeError);
      expect(() => readTransferLog(log({ topics: [TRANSFER_TOPIC, value, word(TO)] }), TOKEN)).toThrow(NodeError);
    }
  });
});

describe("readReceipt", () => {
  const receipt = (logs: unknown, fields: object = {}) => ({
    status: "0x1",
    blockHash: hash("1"),
    transactionHash: hash("3"),
    logs,
    ...fields,
  });

  it("counts the token's logs of the transaction, not the block's and not other contracts'", () => {
    const logs = [
      log({ logIndex: "0x2", address: OTHER }),
      log({ logIndex: "0x3" }),
      log({ logIndex: "0x4", address: OTHER }),
      // An Approval of the token counts too: the identity does not depend on what we think is a payment.
      log({ logIndex: "0x5", topics: [hash("8"), word(FROM), word(TO)] }),
      log({ logIndex: "0x6", address: `0x${TOKEN.slice(2).toUpperCase()}` }),
    ];
    const of = (logIndex: number) => readReceipt({ ...READ, logIndex }, receipt(logs), TOKEN).ordinal;
    expect([of(3), of(5), of(6)]).toEqual([0, 1, 2]);
  });

  it("is the same wherever the block puts the transaction: identity survives a reorg", () => {
    const at = (first: number) => {
      const logs = [0, 1, 2].map((i) => log({ logIndex: `0x${(first + i).toString(16)}` }));
      return [0, 1, 2].map((i) => readReceipt({ ...READ, logIndex: first + i }, receipt(logs), TOKEN).ordinal);
    };
    expect(at(0)).toEqual([0, 1, 2]);
    expect(at(300)).toEqual([0, 1, 2]);
  });

  it.each(["0x0", "0x", undefined, null, 1, "1", true, "0x01"])(
    "calls a transaction with status %j failed, whatever logs it shows: only 0x1 is success",
    (status) => expect(readReceipt(READ, receipt([log()], { status }), TOKEN).succeeded).toBe(false),
  );

  it.each([null, undefined, "0x1", [], [receipt([log()])]])("refuses %j as no receipt", (value) =>
    expect(() => readReceipt(READ, value, TOKEN)).toThrow(NodeError),
  );

  it("refuses a receipt of another block, of a success and of a failure alike", () => {
    for (const status of ["0x1", "0x0"]) {
      const other = receipt([log()], { blockHash: hash("9"), status });
      expect(() => readReceipt(READ, other, TOKEN)).toThrow(/another block/);
    }
    expect(() => readReceipt(READ, receipt([log()], { blockHash: null }), TOKEN)).toThrow(NodeError);
  });

  it("refuses the receipt of another transaction: a batch's answers may have changed places", () => {
    for (const status of ["0x1", "0x0"]) {
      const other = receipt([log()], { transactionHash: hash("9"), status });
      expect(() => readReceipt(READ, other, TOKEN)).toThrow(/got another/);
    }
  });

  it.each([
    [undefined],
    [null],
    ["logs"],
    [[]],
    [[null, "x"]],
    [[log({ address: OTHER })]],
    [[log({ logIndex: "0x6" })]],
  ])("refuses a receipt that does not have the log: %j", (logs) =>
    expect(() => readReceipt(READ, receipt(logs), TOKEN)).toThrow(/does not have its log/),
  );

  it("refuses a receipt with an unreadable log index before the one looked for", () => {
    expect(() => readReceipt(READ, receipt([log({ logIndex: null }), log()]), TOKEN)).toThrow(NodeError);
  });
});
