import { db } from "@/db/client";
import { releaseCursors } from "@/db/queries/chain";
import { NETWORKS, networkSpec } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import { settleInvoices } from "@/lib/invoices/settlement";
import { testChainView } from "@/lib/sandbox/chain";
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

/** The jobs of one process. @param owner identifies it in leases: a UUID. */
export function createJobs(owner: string): Job[] {
  const deliverer = new Deliverer(owner);
  const scans = NETWORKS.filter(isWatched).map((network): Job => {
    const scanner = new Scanner(network, owner);
    return {
      name: `scan ${network}`,
      everyMs: networkSpec(network).pollMs,
      run: () => scanner.tick(),
      stop: () => releaseCursors(db(), owner),
    };
  });
  return [
    ...scans,
    { name: "settle test invoices", everyMs: 1_000, nudgedBy: "simulate", run: settleTestInvoices },
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

/** Matches and settles test invoices on every network; they need no node, only the clock. */
async function settleTestInvoices(): Promise<boolean> {
  for (const network of NETWORKS) {
    const view = testChainView(network, new Date());
    await matchTransfers(network, "test", view.scannedTime);
    await settleInvoices(network, "test", view);
  }
  return false;
}
