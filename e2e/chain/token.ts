import { readFileSync } from "node:fs";
import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  encodeFunctionData,
  type Hex,
  parseAbi,
} from "viem";

/** What `token.json` holds. Runtime code is what stands at an address, creation code what a deploying transaction sends. */
export interface TokenArtifact {
  compiler: string;
  abi: Abi;
  creationBytecode: Hex;
  runtimeBytecode: Hex;
}

/** The compiled test token. Its runtime code needs no constructor, so it can be put at any address. */
export const tokenArtifact = JSON.parse(
  readFileSync(new URL("./token.json", import.meta.url), "utf8"),
) as TokenArtifact;

/** The functions and events of the test token, typed for viem. A test holds it against the compiled ABI. */
export const tokenAbi = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event Approval(address indexed owner, address indexed spender, uint256 value)",
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function decimals() view returns (uint8)",
  "function setDecimals(uint8 value)",
  "function totalSupply() view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address, address) view returns (uint256)",
  "function mint(address to, uint256 value)",
  "function transfer(address to, uint256 value)",
  "function approve(address spender, uint256 value) returns (bool)",
  "function transferFrom(address from, address to, uint256 value) returns (bool)",
  "function batchTransfer(address[] to, uint256[] values)",
  "function transferWithFee(address to, uint256 value, address owner, uint256 fee)",
  "function transferThenRevert(address to, uint256 value)",
  "function transferThenRevertInside(address to, uint256 value)",
  "function burnGasAfterTransfer(address to, uint256 value)",
  "function lookAlike(uint8 kind, address to, uint256 value)",
]);

/** keccak256("Transfer(address,address,uint256)"), the first topic of every Transfer. */
export const transferTopic: Hex = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/** Storage slots of the token that `anvil_setStorageAt` may write; the numbers stand in token.sol. */
export const tokenSlots = { balanceOf: 0n, totalSupply: 2n, decimals: 3n } as const;

/** Logs that begin as a Transfer does and are none, by the number that `lookAlike` takes. */
export const lookAlikeKinds = {
  fourTopics: 0,
  longData: 1,
  noData: 2,
  shortData: 3,
  twoTopics: 4,
  dirtyRecipient: 5,
  approval: 6,
} as const;

/** Name of a look-alike log. */
export type LookAlikeKind = keyof typeof lookAlikeKinds;

/** A transaction to send: calldata and a gas limit that is enough for it. */
export interface TokenCall {
  data: Hex;
  gas: number;
}

/** Who gets how many base units. */
export interface Payout {
  to: Address;
  value: bigint;
}

const GAS = 200_000;

/** viem refuses an address whose mixed case is not its checksum; a test may write one as it likes. */
const plain = (address: Address) => address.toLowerCase() as Address;

/** Calldata for everything the token can do, for use with `anvil.send` and `anvil.submit`. */
export const tokenCalls = {
  transfer: ({ to, value }: Payout) => call("transfer", [plain(to), value]),
  transferFrom: (from: Address, { to, value }: Payout) => call("transferFrom", [plain(from), plain(to), value]),
  approve: (spender: Address, value: bigint) => call("approve", [plain(spender), value]),
  mint: ({ to, value }: Payout) => call("mint", [plain(to), value]),
  batchTransfer: (payouts: readonly Payout[]) =>
    call(
      "batchTransfer",
      [payouts.map(({ to }) => plain(to)), payouts.map(({ value }) => value)],
      GAS + 50_000 * payouts.length,
    ),
  transferWithFee: ({ to, value }: Payout, owner: Address, fee: bigint) =>
    call("transferWithFee", [plain(to), value, plain(owner), fee]),
  transferThenRevert: ({ to, value }: Payout) => call("transferThenRevert", [plain(to), value]),
  transferThenRevertInside: ({ to, value }: Payout) => call("transferThenRevertInside", [plain(to), value]),
  burnGasAfterTransfer: ({ to, value }: Payout) => call("burnGasAfterTransfer", [plain(to), value]),
  lookAlike: (kind: LookAlikeKind, { to, value }: Payout) =>
    call("lookAlike", [lookAlikeKinds[kind], plain(to), value]),
};

type TokenFunction = ContractFunctionName<typeof tokenAbi, "nonpayable">;

function call<Name extends TokenFunction>(
  functionName: Name,
  args: ContractFunctionArgs<typeof tokenAbi, "nonpayable", Name>,
  gas = GAS,
): TokenCall {
  return {
    data: encodeFunctionData({
      abi: tokenAbi as Abi,
      functionName: functionName as string,
      args: args as readonly unknown[],
    }),
    gas,
  };
}
