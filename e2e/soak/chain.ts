import { getAddress } from "viem";
import { type Anvil, chainIds, startAnvil } from "@/e2e/chain/anvil";
import { type FaultProxy, startFaultProxy } from "@/e2e/chain/fault-proxy";
import { type TokenCall, tokenCalls } from "@/e2e/chain/token";
import { startTronEmulator, type TronEmulator } from "@/e2e/chain/tron-emulator";
import type { WorldNetwork } from "@/e2e/world";
import { type Dice, diceFor } from "./dice";
import type { Form } from "./plan";

type Hex = `0x${string}`;

/** A transfer to put on a chain. */
export interface Aim {
  to: Hex;
  value: bigint;
  form: Form;
  /** What it is there for, to be printed. */
  why: string;
}

/** A transaction that was sent: one aim, or several of form `exact`. */
interface SentTransaction {
  hash: Hex;
  aims: Aim[];
}

const SENDERS = 600;

/** One network: its chain, two nodes that misbehave, and the people who pay there. */
export class SoakChain {
  private sender = 0;
  private blocks: { number: number; transactions: SentTransaction[] }[] = [];
  /** Sent anew in the next block: a reorg dropped them. */
  private again: Aim[][] = [];
  /** Transactions that ran out of time, which only Tron knows. */
  readonly outOfTime = new Set<string>();
  /** What each transaction was for. */
  readonly purposes = new Map<string, string>();
  readonly counts = { blocks: 0, transactions: 0, transfers: 0, kept: 0, moved: 0, dropped: 0, sentAgain: 0 };

  private constructor(
    readonly network: WorldNetwork,
    readonly anvil: Anvil,
    readonly first: FaultProxy,
    readonly second: FaultProxy,
    private readonly emulators: TronEmulator[],
    private readonly fakeToken: Hex,
    private readonly senders: Hex[],
  ) {}

  static async start(network: WorldNetwork, seed: number): Promise<SoakChain> {
    const anvil = await startAnvil({ chainId: chainIds[network] });
    await anvil.setAutomine(false);
    // Two honest nodes that differ where real ones do: on the logs of a transaction that ran out of time.
    const emulators =
      network === "tron" ? [await startTronEmulator({ anvil }), await startTronEmulator({ anvil })] : [];
    const [first, second] = await Promise.all(
      [0, 1].map((i) =>
        startFaultProxy({
          target: emulators[i]?.url ?? anvil.url,
          node: network === "tron" ? "tron" : "evm",
          seed: seed + i,
        }),
      ),
    );
    const dice = diceFor(seed, "senders", network);
    const fakeToken = randomAddress(dice);
    await anvil.placeToken(fakeToken, anvil.decimals);
    const senders = Array.from({ length: SENDERS }, () => randomAddress(dice));
    for (let i = 0; i < SENDERS; i += 100) {
      const value = 10n ** BigInt(8 + anvil.decimals);
      const payouts = senders.slice(i, i + 100).map((to) => ({ to, value }));
      await anvil.submit(tokenCalls.batchTransfer(payouts));
      await anvil.submit(tokenCalls.batchTransfer(payouts), { to: fakeToken });
      await anvil.rpc("evm_mine");
    }
    if (!first || !second) throw new Error("no proxies");
    return new SoakChain(network, anvil, first, second, emulators, fakeToken, senders);
  }

  async stop(): Promise<void> {
    await Promise.all([this.first.stop(), this.second.stop(), ...this.emulators.map((emulator) => emulator.stop())]);
    await this.anvil.stop();
  }

  /** Mines a block with one transaction for each group of aims, and with what a reorg left over. */
  async mine(groups: readonly Aim[][] = []): Promise<void> {
    const left = this.again;
    this.again = [];
    this.counts.sentAgain += left.length;
    const transactions: SentTransaction[] = [];
    for (const aims of [...left, ...groups]) transactions.push({ hash: await this.submit(aims), aims });
    await this.mineNow();
    const { number } = await this.anvil.head();
    this.blocks.push({ number, transactions });
    if (this.blocks.length > 20) this.blocks.shift();
    this.counts.blocks++;
    this.counts.transactions += transactions.length;
    this.counts.transfers += groups.reduce((sum, aims) => sum + aims.length, 0);
  }

  /** Mines a block whose time is the wall clock's: a reorg sets anvil's clock back by the age of the blocks that it takes away. */
  private async mineNow(): Promise<void> {
    const { timestamp } = await this.anvil.head();
    const now = Math.floor(Date.now() / 1000);
    if (now > timestamp) await this.anvil.setNextTimestamp(now);
    await this.anvil.rpc("evm_mine");
  }

  private async submit(aims: Aim[]): Promise<Hex> {
    const [aim] = aims;
    if (!aim) throw new Error("a transaction for nothing");
    const from = this.senders[this.sender++ % SENDERS] as Hex;
    const to = aim.form === "fakeToken" ? this.fakeToken : this.anvil.token;
    const call = aims.length > 1 ? tokenCalls.batchTransfer(aims) : this.call(aim, from);
    const hash = await this.anvil.submit(call, { from, to });
    this.purposes.set(this.printed(hash), aims.map((one) => `${one.form}: ${one.why}`).join("; "));
    if (aim.form === "outOfTime") {
      this.outOfTime.add(hash);
      for (const [i, emulator] of this.emulators.entries()) emulator.setOutOfTime(hash, i === 0 ? "logs" : "noLogs");
    }
    return hash;
  }

  private call(aim: Aim, from: Hex): TokenCall {
    switch (aim.form) {
      case "revert":
        return tokenCalls.transferThenRevert(aim);
      case "outOfGas":
        return tokenCalls.burnGasAfterTransfer(aim);
      case "inside":
        return tokenCalls.transferThenRevertInside(aim);
      case "fourTopics":
      case "longData":
      case "noData":
      case "shortData":
      case "twoTopics":
      case "approval":
        return tokenCalls.lookAlike(aim.form, aim);
      case "zero":
        return tokenCalls.transferFrom(from, { to: aim.to, value: 0n });
      default:
        return tokenCalls.transfer(aim);
    }
  }

  /** Puts other blocks in place of the last ones: what was in them is kept, moved to a later block, or dropped. */
  async reorg(depth: number, dice: Dice): Promise<number> {
    const { number } = await this.anvil.head();
    const gone = this.blocks.filter((block) => block.number > number - depth);
    const fresh = Array.from({ length: depth }, (_, i) => ({
      number: number - depth + 1 + i,
      transactions: [] as SentTransaction[],
    }));
    const replay: { tx: Hex; blockOffset: number }[] = [];
    for (const block of gone) {
      for (const transaction of block.transactions) {
        const offset = block.number - (number - depth + 1);
        const fate = dice.weighted({ kept: 6, moved: 2, dropped: 2 });
        this.counts[fate]++;
        if (fate === "dropped") {
          // Half of those who paid pay again; it is another transaction to everybody but them.
          if (dice.chance(0.5)) this.again.push(transaction.aims);
          continue;
        }
        const blockOffset = fate === "moved" ? Math.min(depth - 1, offset + 1) : offset;
        replay.push({ tx: transaction.hash, blockOffset });
        fresh[blockOffset]?.transactions.push(transaction);
      }
    }
    await this.anvil.reorg(depth, replay);
    this.blocks = [...this.blocks.filter((block) => block.number <= number - depth), ...fresh];
    return depth;
  }

  /** A transaction hash as the gateway prints it. */
  printed(hash: string): string {
    return this.network === "tron" ? hash.replace(/^0x/, "") : hash;
  }
}

/** An address that nobody has. */
export function randomAddress(dice: Dice): Hex {
  const bytes = Array.from({ length: 20 }, () => dice.whole(1, 255).toString(16).padStart(2, "0"));
  return getAddress(`0x${bytes.join("")}`).toLowerCase() as Hex;
}
