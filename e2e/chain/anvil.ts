import { type Address, encodeAbiParameters, getAddress, type Hex, keccak256, pad, toHex } from "viem";
import { launchAnvil } from "./anvil-process";
import { callNode, toQuantity } from "./rpc";
import { type LookAlikeKind, type Payout, type TokenCall, tokenArtifact, tokenCalls, tokenSlots } from "./token";

/** Chain ids of the three mainnets. Tron's is the one that its JSON-RPC answers with. */
export const chainIds = { ethereum: 1, bsc: 56, tron: 0x2b6653dc } as const;

/** Where USDT stands on the three mainnets, and its decimals there; Tron's address in its EVM form. */
const usdt: Record<number, { address: Address; decimals: number }> = {
  [chainIds.ethereum]: { address: "0xdAC17F958D2ee523a2206206994597C13D831ec7", decimals: 6 },
  [chainIds.bsc]: { address: "0x55d398326f99059fF775485246999027B3197955", decimals: 18 },
  [chainIds.tron]: { address: getAddress("0xa614f803b6fd780986a42c78ec9c7f77e6ded13c"), decimals: 6 },
};

/** How the node is set up. */
export interface AnvilOptions {
  /** 1, 56, 0x2b6653dc, or another one together with `token` and `decimals`. */
  chainId: number;
  /** Mines a block every so often instead of one for each transaction. May be a fraction (BSC: 0.45). */
  blockTimeSeconds?: number;
  /** `finalized` is head − 2 × this. Default 1; anvil's own default is 32. */
  slotsInAnEpoch?: number;
  /** Default: any free port. */
  port?: number;
  /** Block time of block 0 in seconds; the chain's clock runs on from there. Default: now. */
  timestamp?: number;
  /** Where the token stands. Default: the network's real USDT address. */
  token?: Address;
  decimals?: number;
  /** Blocks whose state is kept, and with that the deepest reorg. Default 100; each costs about 0.5 MB. */
  historyBlocks?: number;
}

/** A block header, heights and seconds as numbers. */
export interface Head {
  number: number;
  hash: Hex;
  parentHash: Hex;
  /** Seconds. */
  timestamp: number;
}

/** A transaction that is in a block. */
export interface Sent {
  hash: Hex;
  blockNumber: number;
  blockHash: Hex;
  status: "success" | "reverted";
  /** Block-wide index of each of its logs. */
  logIndexes: number[];
}

/** Who sends, and to whom. */
export interface SendOptions {
  /** Default: the first dev account. Any address will do: the node signs for everybody, and gas is free. */
  from?: Address;
  /** The contract called. Default: the token. */
  to?: Address;
  /** Native coins to send along, in wei. Dev accounts hold 10,000 ether. */
  native?: bigint;
}

/** A transaction for the blocks that a reorg puts in place of the old ones. */
export interface ReorgTransaction {
  /** Offset of its block among the new ones, 0 for the first. Default 0. */
  blockOffset?: number;
  /** An existing transaction to include again, or a call to send for the first time. */
  tx: Hex | (TokenCall & SendOptions);
}

/** A running node; see startAnvil. */
export type Anvil = Awaited<ReturnType<typeof startAnvil>>;

interface Receipt {
  blockNumber: Hex;
  blockHash: Hex;
  status: Hex;
  logs: { logIndex: Hex }[];
}

/** Enough of the token for everybody: 10^12 whole ones each. */
const initialBalance = (decimals: number) => 10n ** BigInt(12 + decimals);

/**
 * Starts a real EVM node with the test token at the network's real USDT address and its dev accounts rich. Block 1 holds
 * this state, so the chain starts at height 1 and a reorg never goes below it. The node dies with this process.
 */
export async function startAnvil(options: AnvilOptions) {
  const known = usdt[options.chainId];
  const token = options.token ?? known?.address;
  const decimals = options.decimals ?? known?.decimals;
  if (!token || decimals === undefined) throw new Error(`chain ${options.chainId} needs token and decimals`);
  const history = options.historyBlocks ?? 100;
  const node = await launchAnvil([
    ...["--port", String(options.port ?? 0), "--chain-id", String(options.chainId), "--threads", "1"],
    ...["--slots-in-an-epoch", String(options.slotsInAnEpoch ?? 1), "--order", "fifo"],
    // States in memory only: spilled to disk they are 180 KB a block, and stay behind when the node is killed.
    ...["--prune-history", String(history)],
    // Gas is free and anybody may send, so that a test never has to fund an account.
    ...["--gas-price", "0", "--block-base-fee-per-gas", "0", "--auto-impersonate"],
    ...(options.timestamp === undefined ? [] : ["--timestamp", String(options.timestamp)]),
    // Blocks on a clock are mined by a timer here: anvil's own cannot be paused and resumed at 0.45 s.
    ...(options.blockTimeSeconds === undefined ? [] : ["--no-mining"]),
  ]);
  const url = `http://127.0.0.1:${node.port}`;
  const rpc = <T = unknown>(method: string, params: readonly unknown[] = []) => callNode<T>(url, method, params);
  await rpc("anvil_setLoggingEnabled", [false]);
  const accounts = (await rpc<Address[]>("eth_accounts")).map((address) => getAddress(address));
  const payer = accounts[0];
  if (!payer) throw new Error("anvil started without dev accounts");

  /** Puts the token's code, with its decimals, at an address and makes the dev accounts rich there. */
  async function placeToken(address: Address, tokenDecimals: number): Promise<void> {
    await rpc("anvil_setCode", [address, tokenArtifact.runtimeBytecode]);
    const words: [slot: Hex, value: bigint][] = [
      [toHex(tokenSlots.decimals, { size: 32 }), BigInt(tokenDecimals)],
      [toHex(tokenSlots.totalSupply, { size: 32 }), initialBalance(tokenDecimals) * BigInt(accounts.length)],
      ...accounts.map((account): [Hex, bigint] => [balanceSlot(account), initialBalance(tokenDecimals)]),
    ];
    for (const [slot, value] of words) {
      await rpc("anvil_setStorageAt", [address, slot, toHex(value, { size: 32 })]);
    }
  }

  async function mine(blocks = 1, { intervalSeconds }: { intervalSeconds?: number } = {}): Promise<Head> {
    // More than a hundred at a time take the node quadratically longer.
    for (let left = blocks; left > 0; left -= 100) {
      const count = toQuantity(Math.min(left, 100));
      await rpc("anvil_mine", intervalSeconds === undefined ? [count] : [count, toQuantity(intervalSeconds)]);
    }
    return head();
  }

  async function head(tag: number | "latest" | "finalized" | "safe" | "earliest" = "latest"): Promise<Head> {
    const block = await rpc<{ number: Hex; hash: Hex; parentHash: Hex; timestamp: Hex } | null>(
      "eth_getBlockByNumber",
      [typeof tag === "number" ? toQuantity(tag) : tag, false],
    );
    if (!block) throw new Error(`block ${tag} does not exist`);
    return {
      number: Number(block.number),
      hash: block.hash,
      parentHash: block.parentHash,
      timestamp: Number(block.timestamp),
    };
  }

  const transaction = (call: TokenCall, { from = payer, to = token, native = 0n }: SendOptions) => ({
    ...{ from, to, value: toQuantity(native), data: call.data, gas: toQuantity(call.gas), gasPrice: "0x0" },
  });

  /** Hands a transaction to the node and gives its hash; it is mined when the node's mode says so. */
  const submit = (call: TokenCall, sender: SendOptions = {}) =>
    rpc<Hex>("eth_sendTransaction", [transaction(call, sender)]);

  async function send(call: TokenCall, sender: SendOptions = {}): Promise<Sent> {
    return included(await submit(call, sender));
  }

  /** Waits until a transaction is in a block. Throws after 30 s. */
  async function included(hash: Hex): Promise<Sent> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
      const receipt = await rpc<Receipt | null>("eth_getTransactionReceipt", [hash]);
      if (receipt) {
        return {
          hash,
          blockNumber: Number(receipt.blockNumber),
          blockHash: receipt.blockHash,
          status: receipt.status === "0x1" ? "success" : "reverted",
          logIndexes: receipt.logs.map((log) => Number(log.logIndex)),
        };
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${hash} was not mined within 30 s; with automine off, mine() first`);
  }

  const mining = { automine: options.blockTimeSeconds === undefined, everySeconds: 0 };
  let timer: NodeJS.Timeout | undefined;

  /** One block for each transaction at once, or none until `mine` is called. */
  async function setAutomine(on: boolean): Promise<void> {
    await rpc("evm_setAutomine", [on]);
    mining.automine = on;
  }

  /** A block every so many seconds (a fraction will do); 0 ends that. */
  function setIntervalMining(seconds: number): void {
    mining.everySeconds = seconds;
    clearTimeout(timer);
    if (seconds <= 0) return;
    const tick = (due: number) => {
      // The timer must not keep the test process alive.
      timer = setTimeout(async () => {
        await rpc("evm_mine").catch(() => {});
        if (mining.everySeconds === seconds) tick(Math.max(due + seconds * 1000, performance.now()));
      }, due - performance.now()).unref();
    };
    tick(performance.now() + seconds * 1000);
  }

  /** Runs something while no block is mined on its own. */
  async function whilePaused<T>(run: () => Promise<T>): Promise<T> {
    const { automine, everySeconds } = mining;
    setIntervalMining(0);
    if (automine) await setAutomine(false);
    try {
      return await run();
    } finally {
      if (automine) await setAutomine(true);
      setIntervalMining(everySeconds);
    }
  }

  /** Sends several transactions that end up in one block, in this order. `beforeMining` sees their hashes first. */
  const inOneBlock = (
    calls: readonly (TokenCall & SendOptions)[],
    beforeMining: (hashes: readonly Hex[]) => unknown = () => {},
  ): Promise<Sent[]> =>
    whilePaused(async () => {
      const hashes: Hex[] = [];
      for (const call of calls) hashes.push(await submit(call, call));
      await beforeMining(hashes);
      await rpc("evm_mine");
      return Promise.all(hashes.map(included));
    });

  /**
   * Replaces the last `depth` blocks by as many others. Transactions of the old blocks that are not named vanish: their
   * receipts become null.
   */
  async function reorg(depth: number, transactions: readonly ReorgTransaction[] = []): Promise<Head> {
    const { number } = await head();
    if (depth < 1 || depth >= number) throw new Error(`depth ${depth}: the head is ${number} and block 1 must stay`);
    if (depth >= history) throw new Error(`depth ${depth}: only ${history} blocks of state are kept`);
    const entries = await Promise.all(
      transactions.map(async ({ tx, blockOffset = 0 }) => [
        typeof tx === "string" ? await replay(tx) : transaction(tx, tx),
        blockOffset,
      ]),
    );
    return whilePaused(async () => {
      await rpc("anvil_reorg", [depth, entries]);
      return head();
    });
  }

  /** An included transaction in the form in which it can be sent once more. */
  async function replay(hash: Hex) {
    const found = await rpc<{ from: Address; to: Address; input: Hex; gas: Hex; nonce: Hex; value: Hex } | null>(
      "eth_getTransactionByHash",
      [hash],
    );
    if (!found) throw new Error(`${hash} is not known`);
    const { from, to, input, gas, nonce, value } = found;
    return { from, to, data: input, gas, nonce, value, gasPrice: "0x0" };
  }

  await placeToken(token, decimals);
  await rpc("evm_mine");
  setIntervalMining(options.blockTimeSeconds ?? 0);

  return {
    url,
    chainId: options.chainId,
    /** The token's address, checksummed. */
    token,
    decimals,
    /** Ten dev accounts, each with 10^12 whole tokens. */
    accounts,
    rpc,
    async stop(): Promise<void> {
      setIntervalMining(0);
      await node.stop();
    },
    placeToken,
    mine,
    head,
    submit,
    send,
    included,
    inOneBlock,
    setAutomine,
    setIntervalMining,
    reorg,
    /** One Transfer of `value` base units. `token`: another contract than the real one. */
    sendTransfer: ({ from, token: contract, ...payout }: Payout & { from?: Address; token?: Address }) =>
      send(tokenCalls.transfer(payout), { from, to: contract }),
    /** Native coins (TRX on Tron's side: 10^12 wei are one sun), which no token scanner may count. */
    sendNative: ({ from, to, wei }: { from?: Address; to: Address; wei: bigint }) =>
      send({ data: "0x", gas: 21_000 }, { from, to, native: wei }),
    /** Several Transfers in one transaction. */
    sendBatch: (payouts: readonly Payout[], sender?: SendOptions) => send(tokenCalls.batchTransfer(payouts), sender),
    /** A transferFrom that `spender` sends; of value 0 it needs nobody's consent. */
    sendTransferFrom: (spender: Address, from: Address, payout: Payout) =>
      send(tokenCalls.transferFrom(from, payout), { from: spender }),
    /** A transaction that moves the token and then comes to nothing; only `inside` leaves it successful. */
    sendFailing: (kind: "revert" | "outOfGas" | "inside", payout: Payout, sender?: SendOptions) =>
      send(
        {
          revert: tokenCalls.transferThenRevert,
          outOfGas: tokenCalls.burnGasAfterTransfer,
          inside: tokenCalls.transferThenRevertInside,
        }[kind](payout),
        sender,
      ),
    /** A log of the real token that begins as a Transfer does and is none. */
    sendLookAlike: (kind: LookAlikeKind, payout: Payout, sender?: SendOptions) =>
      send(tokenCalls.lookAlike(kind, payout), sender),
    /** Base units that an address holds. */
    balanceOf: async (address: Address, contract: Address = token) =>
      BigInt(await rpc<Hex>("eth_call", [{ to: contract, data: `0x70a08231${pad(address).slice(2)}` }, "latest"])),
    /** Removes the last blocks; the chain is shorter afterwards. */
    rollback: (blocks: number) => rpc<void>("anvil_rollback", [blocks]),
    snapshot: () => rpc<Hex>("evm_snapshot"),
    /** Goes back to a snapshot, which is used up by that. */
    revert: (id: Hex) => rpc<boolean>("evm_revert", [id]),
    /** Block time in seconds of the next block; the clock runs on from there. */
    setNextTimestamp: (seconds: number) => rpc<void>("evm_setNextBlockTimestamp", [seconds]),
    /** Moves the chain's clock on; it shows in the next block. */
    increaseTime: (seconds: number) => rpc<number>("evm_increaseTime", [seconds]),
    /** From now on every block is this many seconds after its parent; null: by the clock again. */
    setTimestampInterval: (seconds: number | null) =>
      seconds === null
        ? rpc<unknown>("anvil_removeBlockTimestampInterval")
        : rpc<unknown>("anvil_setBlockTimestampInterval", [seconds]),
  };
}

/** Where an account's balance lies in the token's storage. */
function balanceSlot(account: Address): Hex {
  return keccak256(encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [account, tokenSlots.balanceOf]));
}
