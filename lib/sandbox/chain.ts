import { NETWORKS, type Network, networkSpec } from "@/lib/chains/networks";
import type { ChainView } from "@/lib/invoices/settle";

/**
 * The chain of test mode: blocks that only the clock makes, ten a second, so that a simulated payment is seen, deepens and is
 * confirmed within seconds. What happens to it from the transfer on is the same code as for a real one.
 */
export const TEST_BLOCK_MS = 100;
const GENESIS = Date.UTC(2024, 0, 1);

/** How long after a payment of any network its invoice is confirmed: its confirmations, and a second for what else happens. */
export function testChainSettledMs(): number {
  return Math.max(...NETWORKS.map((network) => networkSpec(network).confirmations)) * TEST_BLOCK_MS + 1_000;
}

/** The height of the test chains at a moment; the same on every network and server. */
export function testBlockAt(time: Date): number {
  return Math.floor((time.getTime() - GENESIS) / TEST_BLOCK_MS);
}

/** The test chain as settling sees it: read up to now, everything final. */
export function testChainView(network: Network, now: Date): ChainView {
  const { confirmations } = networkSpec(network);
  const scannedNumber = testBlockAt(now);
  return {
    scannedNumber,
    scannedTime: now,
    finalizedNumber: scannedNumber,
    requiredConfirmations: confirmations,
    finality: "depth",
  };
}
