import type { WorldNetwork } from "@/e2e/world";
import type { SoakChain } from "./chain";

/**
 * What is true, computed from the final chains and the rule of the contract (§4), without a line of the gateway. The chain is read
 * from the EVM node itself, block by block from receipts, past every proxy.
 */

/** A Transfer of the real token in a transaction that succeeded. */
export interface ChainTransfer {
  network: WorldNetwork;
  /** As explorers print it. */
  txHash: string;
  ordinal: number;
  blockNumber: number;
  /** Seconds. */
  time: number;
  logIndex: number;
  to: string;
  value: bigint;
}

/** An invoice that was created, with its window as the database holds it. */
export interface TrueInvoice {
  id: string;
  reference: string;
  merchantId: string;
  network: WorldNetwork;
  /** 20 bytes in lower-case hex. */
  to: string;
  /** The exact amount in base units. */
  value: bigint;
  createdMs: number;
  expiresMs: number;
  /** The API said that it is cancelled. */
  cancelled: boolean;
}

/** What must have become of an invoice. */
export interface Expectation {
  status: "confirmed" | "expired" | "cancelled" | "pending";
  /** The transfers that fit it, in the order of the chain; one of them pays it, and the first where nothing hid it. */
  fitting: ChainTransfer[];
  why: string;
}

const SKEW_MS = 15_000;
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

interface Log {
  address: string;
  topics: string[];
  data: string;
  logIndex: string;
}
interface Receipt {
  transactionHash: string;
  blockHash: string;
  status: string;
  logs: Log[];
}

/** Reads a chain that does not change any more; only blocks not read before are asked for. */
export class ChainReader {
  readonly transfers: ChainTransfer[] = [];
  /** Time of the last block read, in seconds. */
  lastTime = 0;
  private next = 0;
  private parent: string | null = null;

  constructor(private readonly chain: SoakChain) {}

  /** @throws Error where the blocks do not form a chain: it changed since the last call. */
  async readOn(): Promise<void> {
    const { anvil, network, outOfTime } = this.chain;
    const token = anvil.token.toLowerCase();
    for (const { number: head } = await anvil.head(); this.next <= head; this.next++) {
      const tag = `0x${this.next.toString(16)}`;
      const [block, receipts] = await Promise.all([
        anvil.rpc<{ hash: string; parentHash: string; timestamp: string }>("eth_getBlockByNumber", [tag, false]),
        anvil.rpc<Receipt[]>("eth_getBlockReceipts", [tag]),
      ]);
      if (this.parent !== null && block.parentHash !== this.parent) throw new Error(`${network} changed after the end`);
      this.parent = block.hash;
      this.lastTime = Number(block.timestamp);
      for (const receipt of receipts) {
        if (receipt.status !== "0x1" || outOfTime.has(receipt.transactionHash)) continue;
        const ofToken = receipt.logs.filter((log) => log.address.toLowerCase() === token);
        for (const [ordinal, log] of ofToken.entries()) {
          if (log.topics.length !== 3 || log.topics[0] !== TRANSFER || log.data.length !== 66) continue;
          this.transfers.push({
            network,
            txHash: this.chain.printed(receipt.transactionHash),
            ordinal,
            blockNumber: this.next,
            time: this.lastTime,
            logIndex: Number(log.logIndex),
            to: `0x${log.topics[2]?.slice(-40).toLowerCase()}`,
            value: BigInt(log.data),
          });
        }
      }
    }
  }
}

/**
 * Judges every invoice: by the exact amount to its address, in its window by block time. Each transfer pays at most one invoice of
 * a merchant; amounts are kept apart by the gateway, so two that fit the same transfer are a defect of their own.
 * @returns expectations by invoice id, and invoices of one merchant that a single transfer fits.
 */
export function judge(
  invoices: readonly TrueInvoice[],
  readers: ReadonlyMap<WorldNetwork, ChainReader>,
): { expected: Map<string, Expectation>; ambiguous: string[] } {
  const key = (network: string, to: string, value: bigint) => `${network} ${to} ${value}`;
  const byTarget = new Map<string, ChainTransfer[]>();
  for (const { transfers } of readers.values()) {
    for (const transfer of transfers) {
      const target = key(transfer.network, transfer.to, transfer.value);
      const list = byTarget.get(target);
      if (list) list.push(transfer);
      else byTarget.set(target, [transfer]);
    }
  }
  const expected = new Map<string, Expectation>();
  const payees = new Map<string, string>();
  const ambiguous: string[] = [];
  for (const invoice of invoices) {
    const aimed = byTarget.get(key(invoice.network, invoice.to, invoice.value)) ?? [];
    const fitting = aimed.filter(
      ({ time }) => time * 1000 >= invoice.createdMs - SKEW_MS && time * 1000 <= invoice.expiresMs,
    );
    for (const { txHash, ordinal } of fitting) {
      const claim = `${invoice.merchantId} ${invoice.network} ${txHash} ${ordinal}`;
      const other = payees.get(claim);
      if (other) ambiguous.push(`${other} and ${invoice.reference}: both fit ${txHash}`);
      payees.set(claim, invoice.reference);
    }
    const scanned = readers.get(invoice.network)?.lastTime ?? 0;
    if (invoice.cancelled) expected.set(invoice.id, { status: "cancelled", fitting: [], why: "the API cancelled it" });
    else if (fitting.length > 0) {
      const [first] = fitting;
      const why = `${fitting.length} of ${aimed.length} transfers of its amount in its window, the first in block ${first?.blockNumber} at ${first?.time}`;
      expected.set(invoice.id, { status: "confirmed", fitting, why });
    } else {
      const over = scanned * 1000 > invoice.expiresMs;
      const why = `${aimed.length} transfers of its amount, none in its window; chain time ${scanned}`;
      expected.set(invoice.id, { status: over ? "expired" : "pending", fitting, why });
    }
  }
  return { expected, ambiguous };
}

/** An amount as the API writes it, in base units: the four decimals and as many zeros as the token has more. */
export function baseUnits(amount: string, decimals: number): bigint {
  const [whole = "", fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(4, "0")) * 10n ** BigInt(decimals - 4);
}
