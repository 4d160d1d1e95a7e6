import type { NewTransfer } from "@/db/queries/transfers";
import { formatAddress } from "@/lib/chains/address";
import { formatTxHash, type NetworkSpec } from "@/lib/chains/networks";
import type { VerifiedTransfer } from "@/lib/chains/types";
import { baseToUnits } from "@/lib/money";

/** Verified transfers as they are stored. */
export function toRows({ network, decimals }: NetworkSpec, found: VerifiedTransfer[]): NewTransfer[] {
  return found.map((transfer) => ({
    network,
    mode: "live",
    txHash: formatTxHash(network, transfer.txHash),
    ordinal: transfer.ordinal,
    blockNumber: transfer.blockNumber,
    blockHash: transfer.blockHash,
    blockTime: transfer.blockTime,
    logIndex: transfer.logIndex,
    fromAddress: formatAddress(network, transfer.from),
    toAddressKey: transfer.to,
    value: transfer.value,
    units: baseToUnits(transfer.value, decimals),
    status: transfer.succeeded ? "canonical" : "failed",
  }));
}
