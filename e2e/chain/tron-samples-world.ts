import type { Hex } from "viem";
import { type Anvil, chainIds, type Sent, startAnvil } from "./anvil";
import { callNode } from "./rpc";
import { tokenCalls, transferTopic } from "./token";
import { plainHex } from "./tron-address";
import { startTronEmulator, type TronEmulator } from "./tron-emulator";

/** Addresses of the recorded network. Recorded requests name them, so the chain here uses them too. */
const token = "0xfee369236c5a91a3c75c2ec903a5c4671e15ec62";
const payer = "0xad0f29a5f48b3c311ae391499fb50f13444c46ca";
const spender = "0x23b94a6b8e2c8a0289a76c774668116e8f52a552";
const stranger = "0xd2e4e6e1b8377edd4cb3c376710029626da32a67";
const trxPayee = "0xc004abcdbe602347f3cc993a1dc029284f70875c";
const payees = {
  one: "0x8f5845cf87e3e4a49f7a1354e8b5a3e74270fa60",
  two: "0xaca05fc66ef96afadf95df4ea2a17261d8d175a5",
  three: "0x09a0a9b4fb819881e0c0bb3ec667be09bb8718fc",
  four: "0x0ff7ab8addd36fbf65a0793e24654067dc0a41f4",
  approved: "0x4f9b815543bb8708714e5eed0465f3f0ecffec8c",
  failed: "0x430cb9fddb47e20aca355d857bba7ba2083d3206",
} as const;

/** When a recording was made: all are asked of the chain as it stood then. */
export type Moment = "head 131" | "one waits" | "head 133";

/** A chain that went as the recorded one did, height by height. */
export interface SamplesWorld {
  anvil: Anvil;
  /** Made its blocks itself: shows no log of what ran out of time. */
  maker: TronEmulator;
  /** Received its blocks, with minTimeRatio 0.6: shows that log. */
  follower: TronEmulator;
  /** Recorded transaction id → the one here. */
  transactions: Map<string, string>;
  /** The id of the block here at a height. */
  blockId(number: number): Promise<string>;
  stop(): Promise<void>;
}

const sun = 10n ** 12n;

/** Builds the chain up to each moment in turn and lets `ask` question it. */
export async function buildSamplesWorld(
  ask: (moment: Moment, world: SamplesWorld) => Promise<void>,
): Promise<SamplesWorld> {
  const anvil = await startAnvil({ chainId: chainIds.tron, token, decimals: 6, historyBlocks: 200 });
  const lags = { finalizedLag: 18, solidLag: 20 };
  const maker = await startTronEmulator({ anvil, ...lags });
  const follower = await startTronEmulator({ anvil, ...lags });
  const transactions = new Map<string, string>();
  const blockId = async (number: number) => {
    const block = await callNode<{ hash: Hex }>(`${maker.url}/jsonrpc`, "eth_getBlockByNumber", [
      `0x${number.toString(16)}`,
      false,
    ]);
    return plainHex(block.hash);
  };
  const stop = async () => {
    await Promise.all([maker.stop(), follower.stop()]);
    await anvil.stop();
  };
  const world: SamplesWorld = { anvil, maker, follower, transactions, blockId, stop };
  const recorded = (id: string, sent: Sent | undefined) => transactions.set(id, plainHex(sent?.hash ?? ""));
  const mineTo = async (height: number) => anvil.mine(height - (await anvil.head()).number);

  await anvil.rpc("anvil_setBalance", [payer, `0x${(10n ** 24n).toString(16)}`]);
  recorded("a6a1833141289ea2ab407db94264d686713b65ee69cb6ed552700bf3d7494c85", await deploy(anvil)); // 2
  await anvil.send(tokenCalls.mint({ to: payer, value: 10n ** 15n }));
  await anvil.send(tokenCalls.mint({ to: spender, value: 5n }));
  await anvil.send(tokenCalls.approve(spender, 10n ** 15n), { from: payer });
  await mineTo(12);
  const others = [1n, 2n, 3n, 4n].map((value) => ({ to: payees.four, value }));
  const fifth = { to: payees.approved, value: 3_000_001n };
  await anvil.inOneBlock([...others, fifth].map((payout) => ({ ...tokenCalls.transfer(payout), from: payer }))); // 13
  await mineTo(100);

  const [first, second] = await anvil.inOneBlock([
    { ...tokenCalls.transfer({ to: payees.one, value: 1_000_001n }), from: payer },
    {
      ...tokenCalls.batchTransfer([
        { to: payees.two, value: 2_000_001n },
        { to: payees.three, value: 2_000_002n },
        { to: payees.four, value: 2_000_003n },
      ]),
      from: payer,
    },
    { data: "0x", gas: 21_000, from: payer, to: trxPayee, native: 1_234_567n * sun },
    { ...tokenCalls.transferThenRevert({ to: payees.failed, value: 777_000n }), from: payer },
    { ...tokenCalls.transferFrom(payer, { to: payees.approved, value: 3_000_001n }), from: spender },
    { ...tokenCalls.transfer({ to: payees.one, value: 0n }), from: payer },
    { ...tokenCalls.transferThenRevertInside({ to: payees.failed, value: 888_000n }), from: payer },
  ]); // 101
  recorded("fef1bc7c22c0f7555ff3283f11fd77b862ff4bf81143298942b09ce25dfab93d", first);
  recorded("773cf14fe4a78e5c73fee67f388eb04e60a9191e47fdd68f2cfe3cd4dac606bb", second);
  recorded(
    "a4d193dd97edc98c243e06906d29893dddd06bca08290b5436afc6fa69fa0a37",
    await anvil.sendTransfer({ from: payer, to: payees.one, value: 10_123_400n }),
  ); // 102
  recorded(
    "64868fede964abc305dd07075f9d5d4fbea8ceac3e543090e174ac7046608e50",
    await anvil.sendBatch(
      [
        { to: payees.two, value: 4_000_001n },
        { to: payees.three, value: 4_000_002n },
      ],
      { from: payer },
    ),
  ); // 103
  recorded(
    "e1b3085fc1aa498f861edd772a66c985f24c5a26fa08b2fb4794dbea07c38fb1",
    await anvil.sendFailing("revert", { to: payees.failed, value: 777_001n }, { from: payer }),
  ); // 104
  recorded(
    "a6256b15c64dec14aa0b41b7dfc3add9eaa763ba6f5ba2f61ef6b704c3de48a1",
    await anvil.sendFailing("outOfGas", { to: payees.failed, value: 777_002n }, { from: payer }),
  ); // 105
  const [late] = await anvil.inOneBlock(
    [{ ...tokenCalls.transfer({ to: payees.failed, value: 777_003n }), from: payer }],
    ([hash]) => {
      if (!hash) return;
      maker.setOutOfTime(hash, "noLogs");
      follower.setOutOfTime(hash, "logs");
    },
  ); // 106
  recorded("a08e5a31b94661087356aa390aa9e78dca0d42ba7ffec0583a51a992f57fce56", late);
  recorded(
    "206596eb55e863d80fb94d7fad6fe6f4c95f044692404960dcf7ee186f56f3e1",
    await anvil.sendFailing("inside", { to: payees.failed, value: 777_004n }, { from: payer }),
  ); // 107
  recorded(
    "be98a6416e63ae3c15276653ac01ead2723966eafb396172f800460d26421086",
    await anvil.sendTransfer({ from: stranger, to: payees.one, value: 10n ** 15n }),
  ); // 108
  recorded(
    "2e45e529cc90d6a08069385d4033b6b86c2aeb4dd7449a36fe1159ecf75d64f8",
    await anvil.sendNative({ from: payer, to: trxPayee, wei: 7_654_321n * sun }),
  ); // 109
  await mineTo(131);
  await ask("head 131", world);

  await mineTo(132);
  await anvil.setAutomine(false);
  const waiting = await anvil.submit(tokenCalls.transfer({ to: payees.one, value: 5_550_001n }), { from: payer });
  transactions.set("e78003b2c22ee8becf10618f8fc2712d61ac755d1df4b19af78a4f20c1a0abef", plainHex(waiting));
  await ask("one waits", world);

  await mineTo(133);
  maker.setLag({ solid: 19 });
  await ask("head 133", world);
  return world;
}

/** Creates a contract whose constructor logs a Transfer, as the recorded token's did. */
async function deploy(anvil: Anvil): Promise<Sent> {
  const push32 = (word: string) => `7f${plainHex(word).padStart(64, "0")}`;
  // Puts a number into memory, then LOG3(0, 32, transferTopic, 0, payer); the runtime is 100 bytes of memory.
  const log = `${push32(payer)}6000${push32(transferTopic)}60206000a3`;
  const code = `0x602a6000526001604052${log}60646000f3`;
  const request = { from: payer, data: code, gas: "0x30d40", gasPrice: "0x0" };
  return anvil.included(await anvil.rpc<Hex>("eth_sendTransaction", [request]));
}
