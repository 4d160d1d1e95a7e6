import { decodeEventLog, getAddress, type Hex, toFunctionSelector } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Anvil, startAnvil } from "./anvil";
import { compileToken } from "./compile";
import { type LookAlikeKind, lookAlikeKinds, tokenAbi, tokenArtifact, tokenCalls, transferTopic } from "./token";

const alice = getAddress("0x00000000000000000000000000000000000a11ce");
const bob = "0x0000000000000000000000000000000000000B0b";

describe("the committed artifact", () => {
  it("is exactly what solc makes of token.sol", () => {
    expect(tokenArtifact).toEqual(compileToken());
  });

  it("has every function and event that the typed ABI names", () => {
    const signature = (entry: { type: string; name?: string; inputs?: readonly { type: string }[] }) =>
      `${entry.type} ${entry.name}(${(entry.inputs ?? []).map((input) => input.type)})`;
    const compiled = new Set(tokenArtifact.abi.map((entry) => signature(entry as never)));
    expect(tokenAbi.map(signature).filter((entry) => !compiled.has(entry))).toEqual([]);
  });
});

describe("the token on a node", () => {
  let anvil: Anvil;
  beforeAll(async () => {
    anvil = await startAnvil({ chainId: 1 });
  });
  afterAll(() => anvil.stop());

  const logsOf = async (hash: Hex) =>
    (
      await anvil.rpc<{ logs: { address: Hex; topics: [Hex, ...Hex[]]; data: Hex }[] }>("eth_getTransactionReceipt", [
        hash,
      ])
    ).logs;

  it("answers nothing to transfer, as Ethereum's USDT does", async () => {
    const { data } = tokenCalls.transfer({ to: alice, value: 1n });
    expect(await anvil.rpc("eth_call", [{ from: anvil.accounts[0], to: anvil.token, data }, "latest"])).toBe("0x");
    expect(toFunctionSelector("transfer(address,uint256)")).toBe(data.slice(0, 10));
  });

  it("moves exact base units and logs one Transfer", async () => {
    const before = await anvil.balanceOf(alice);
    const sent = await anvil.sendTransfer({ to: alice, value: 10_000_000n });
    expect(await anvil.balanceOf(alice)).toBe(before + 10_000_000n);
    const [log] = await logsOf(sent.hash);
    expect(log && decodeEventLog({ abi: tokenAbi, topics: log.topics, data: log.data }).args).toEqual({
      from: anvil.accounts[0],
      to: alice,
      value: 10_000_000n,
    });
  });

  it("lets anybody log a transferFrom of 0, but move nothing without an allowance", async () => {
    const poison = await anvil.sendTransferFrom(bob, alice, { to: bob, value: 0n });
    expect([poison.status, poison.logIndexes.length]).toEqual(["success", 1]);
    const theft = await anvil.sendTransferFrom(bob, alice, { to: bob, value: 1n });
    expect([theft.status, theft.logIndexes.length]).toEqual(["reverted", 0]);
    const owner = anvil.accounts[1] as Hex;
    await anvil.send(tokenCalls.approve(bob, 5n), { from: owner });
    const allowed = await anvil.sendTransferFrom(bob, owner, { to: alice, value: 5n });
    expect([allowed.status, allowed.logIndexes.length]).toEqual(["success", 1]);
  });

  it("logs several Transfers in one transaction", async () => {
    const sent = await anvil.sendBatch([
      { to: alice, value: 1n },
      { to: bob, value: 2n },
      { to: alice, value: 3n },
    ]);
    const logs = await logsOf(sent.hash);
    expect(logs.map((log) => BigInt(log.data))).toEqual([1n, 2n, 3n]);
    const fee = await anvil.send(tokenCalls.transferWithFee({ to: alice, value: 100n }, bob, 7n));
    expect((await logsOf(fee.hash)).map((log) => BigInt(log.data))).toEqual([93n, 7n]);
  });

  it.each([
    ["revert", "reverted"],
    ["outOfGas", "reverted"],
    ["inside", "success"],
  ] as const)("leaves neither log nor balance after a transfer that fails by %s", async (kind, status) => {
    const before = await anvil.balanceOf(alice);
    const sent = await anvil.sendFailing(kind, { to: alice, value: 10n });
    expect([sent.status, sent.logIndexes]).toEqual([status, []]);
    expect(await anvil.balanceOf(alice)).toBe(before);
  });

  it.each([
    ["fourTopics", 4, 0],
    ["longData", 3, 64],
    ["noData", 3, 0],
    ["shortData", 3, 31],
    ["twoTopics", 2, 32],
    ["dirtyRecipient", 3, 32],
    ["approval", 3, 32],
  ] as const)("logs a %s look-alike of %i topics and %i bytes without moving anything", async (kind, topics, bytes) => {
    const before = await anvil.balanceOf(alice);
    const sent = await anvil.sendLookAlike(kind, { to: alice, value: 10n });
    const [log] = await logsOf(sent.hash);
    expect([log?.topics.length, ((log?.data.length ?? 0) - 2) / 2]).toEqual([topics, bytes]);
    expect(log?.topics[0] === transferTopic).toBe(kind !== "approval");
    expect(await anvil.balanceOf(alice)).toBe(before);
  });

  it("has a test for every kind of look-alike", () => {
    const tested: LookAlikeKind[] = [
      "fourTopics",
      "longData",
      "noData",
      "shortData",
      "twoTopics",
      "dirtyRecipient",
      "approval",
    ];
    expect(Object.keys(lookAlikeKinds)).toEqual(tested);
  });
});
