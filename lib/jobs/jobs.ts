import { db } from "@/db/client";
import { releaseCursors } from "@/db/queries/chain";
import { foldTallyChanges } from "@/db/queries/invoice-tallies";
import { prune } from "@/db/queries/prune";
import { NETWORKS, type Network, networkSpec } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import { settleInvoices } from "@/lib/invoices/settlement";
import { testChainView } from "@/lib/sandbox/chain";
import { performDueSimulations } from "@/lib/sandbox/service";
import { matchTransfers } from "@/lib/transfers/match";
import { Scanner } from "@/lib/transfers/scan";
import { Deliverer, LEASE_SECONDS } from "@/lib/webhooks/deliver";
import { type Nudge, nudge } from "./nudge";

/**
 * Something the gateway does in the background. Each is idempotent, claims its work in the database, and may run anywhere,
 * any number of times, at once; what drives it (the embedded loop, Inngest) does not matter to it.
 */
export type Job = {
  name: string;
  everyMs: number;
  /** Also runs at once when this is called out. */
  nudgedBy?: Nudge;
  /** @returns true when there is more to do right away. */
  run: () => Promise<boolean>;
  /** For an orderly end: finishes what is under way. */
  stop?: () => Promise<void>;
};

/** How long an orderly end waits for webhooks that are on their way. */
const DRAIN_MS = 4_000;

/** Reads a network's chain. @param owner identifies the scanner in its lease: a UUID. */
export function scanJob(network: Network, owner: string): Job {
  const scanner = new Scanner(network, owner);
  return {
    name: `scan ${network}`,
    everyMs: networkSpec(network).pollMs,
    run: () => scanner.tick(),
    stop: () => releaseCursors(db(), owner),
  };
}

export const sandboxJob: Job = { name: "sandbox", everyMs: 500, nudgedBy: "sandbox", run: runSandbox };
export const foldJob: Job = { name: "fold invoice tallies", everyMs: 5_000, run: () => foldTallyChanges(db()) };
export const pruneJob: Job = { name: "prune", everyMs: 60_000, run: () => prune(db()) };

/** The networks that are scanned: those with node URLs. */
export const watchedNetworks = (): Network[] => NETWORKS.filter(isWatched);

/** The jobs of one process. @param owner identifies it in leases: a UUID. */
export function createJobs(owner: string): Job[] {
  const deliverer = new Deliverer(owner);
  return [
    ...watchedNetworks().map((network) => scanJob(network, owner)),
    sandboxJob,
    foldJob,
    pruneJob,
    {
      name: "deliver webhooks",
      everyMs: 1_000,
      nudgedBy: "deliver",
      run: async () => {
        await deliverer.tick(() => nudge("deliver"));
        return false;
      },
      stop: () => deliverer.drain(DRAIN_MS),
    },
    {
      name: "renew webhook leases",
      everyMs: (LEASE_SECONDS * 1000) / 3,
      run: async () => {
        await deliverer.renew();
        return false;
      },
    },
  ];
}

/** The sandbox's payments, then matching and settling of test invoices: they need no node, only the clock. */
async function runSandbox(): Promise<boolean> {
  // Before settling: a reorged payment must be gone before it could be called deep enough.
  await performDueSimulations();
  for (const network of NETWORKS) {
    const view = testChainView(network, new Date());
    await matchTransfers(network, "test", view.scannedTime);
    await settleInvoices(network, "test", view);
  }
  return false;
}
