import { db } from "@/db/client";
import { recordScanError } from "@/db/queries/chain";
import type { DeepPayment } from "@/db/queries/settlement";
import { closeFailedTransfer, listFailedTransfers, type Transfer } from "@/db/queries/transfers";
import type { Network, NetworkSpec } from "@/lib/chains/networks";
import { nodesOf } from "@/lib/chains/nodes";
import { NodeBehind, NodeError } from "@/lib/chains/rpc";
import type { StoredTransfer, Verdict } from "@/lib/chains/types";
import { log } from "@/lib/log";
import { toRows } from "./rows";
import { storeAgain } from "./store";
import type { WatchList } from "./watch-list";

/** For how long a second node may not know a transaction before the first is asked instead: it may be stuck for good. */
const UNKNOWN_MS = 60_000;

/**
 * The last word on payments before they are confirmed. What one node said near its head is not believed by itself: the
 * transaction is asked about again when it is deep, at the second URL if there is one (on Tron from `/walletsolidity`).
 * A contradiction holds the payment back and is shown in health; nothing is undone by it, only a reorg does that.
 */
export class FinalCheck {
  private readonly unknownSince = new Map<string, number>();
  private readonly reported = new Set<string>();

  private readonly network: Network;

  constructor(
    private readonly spec: NetworkSpec,
    private readonly watched: WatchList,
  ) {
    this.network = spec.network;
  }

  /** @returns the ids of the invoices whose payment may be confirmed. */
  async approve(payments: DeepPayment[]): Promise<Set<string>> {
    const verdicts = await this.ask(payments);
    const approved = new Set<string>();
    for (const payment of payments) {
      const verdict = verdicts.get(payment.id) ?? "unknown";
      if (verdict === "agrees") {
        this.unknownSince.delete(payment.id);
        approved.add(payment.invoiceId);
      } else if (verdict === "contradicts") await this.report(payment);
    }
    return approved;
  }

  /** Looks again at transactions that were called failed, once their blocks are final. */
  async resolveFailed(finalNumber: number): Promise<void> {
    const failed = await listFailedTransfers(db(), this.network, finalNumber);
    if (failed.length === 0) return;
    const verdicts = await this.ask(failed);
    for (const transfer of failed) {
      const verdict = verdicts.get(transfer.id);
      if (!verdict || verdict === "unknown") continue;
      if (verdict === "agrees") await this.restore(transfer);
      else await closeFailedTransfer(db(), transfer.id);
      log.info({ network: this.network, txHash: transfer.txHash, verdict }, "failed transaction asked about again");
    }
  }

  /** The transaction succeeded after all: its receipt is read again, for the places of its logs. */
  private async restore(transfer: Transfer): Promise<void> {
    try {
      const found = await nodesOf(this.network).runElsewhere(async (node) => {
        const logs = await node.readTransactions([transfer.txHash]);
        return await node.verify(logs.filter((entry) => this.watched.has(entry.to)));
      });
      // Where this receipt still says failed nothing is found to put in its place: it is asked about again.
      await storeAgain(this.network, toRows(this.spec, found), transfer.id);
    } catch (error) {
      if (!(error instanceof NodeError || error instanceof NodeBehind)) throw error;
      await recordScanError(db(), this.network, error.message);
    }
  }

  private async ask(transfers: StoredTransfer[]): Promise<Map<string, Verdict>> {
    const nodes = nodesOf(this.network);
    try {
      const verdicts = await nodes.runElsewhere((node) => node.recheck(transfers));
      const overdue = transfers.filter(
        (transfer) => verdicts.get(transfer.id) === "unknown" && this.isOverdue(transfer.id),
      );
      if (overdue.length === 0 || nodes.size === 1) return verdicts;
      log.warn(
        { network: this.network, transfers: overdue.length },
        "the second node does not know these transactions",
      );
      return new Map([...verdicts, ...(await nodes.run((node) => node.recheck(overdue)))]);
    } catch (error) {
      if (!(error instanceof NodeError || error instanceof NodeBehind)) throw error;
      await recordScanError(db(), this.network, error.message);
      return new Map();
    }
  }

  private isOverdue(id: string): boolean {
    const since = this.unknownSince.get(id) ?? Date.now();
    this.unknownSince.set(id, since);
    return Date.now() - since > UNKNOWN_MS;
  }

  private async report(payment: DeepPayment): Promise<void> {
    const message = `nodes disagree about transaction ${payment.txHash}: its payment is held back`;
    await recordScanError(db(), this.network, message);
    if (this.reported.has(payment.id)) return;
    this.reported.add(payment.id);
    log.error({ network: this.network, invoiceId: payment.invoiceId, txHash: payment.txHash }, message);
  }
}
