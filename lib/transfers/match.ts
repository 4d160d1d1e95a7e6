import { db } from "@/db/client";
import {
  closeMatching,
  findCandidates,
  insertPayments,
  listClosable,
  lockPayable,
  lockUnmatched,
} from "@/db/queries/transfers";
import type { Mode } from "@/db/schema/columns";
import type { Network } from "@/lib/chains/networks";
import { log } from "@/lib/log";

/** How far a block's time may lie before the invoice's creation: slot times precede broadcast, and clocks differ. */
export const CLOCK_SKEW_SECONDS = 15;
/**
 * How long a transfer stays open for an invoice made just after it, within the skew. Longer than the skew by what clocks and
 * commits may lag, so that the answer does not depend on when we looked.
 */
const MATCH_WINDOW_SECONDS = 120;
const BATCH = 1000;

/**
 * Joins new transfers to the invoices they pay. Idempotent, safe to run anywhere and at once: the rows are locked in the
 * order invoice → transfer, and the constraints of `payments` decide.
 * @param scannedTime chain time up to which the network is read.
 * @returns how many payments were made.
 */
export async function matchTransfers(network: Network, mode: Mode, scannedTime: Date): Promise<number> {
  let made = 0;
  // Listed before the look: what is stored during it (by a rescan, say) has not been looked at and stays open.
  const closesBefore = new Date(scannedTime.getTime() - MATCH_WINDOW_SECONDS * 1000);
  const closable = await listClosable(db(), network, mode, closesBefore);
  for (;;) {
    const candidates = await findCandidates(db(), network, mode, CLOCK_SKEW_SECONDS, BATCH);
    if (candidates.length === 0) break;
    const paid = await db().transaction(async (tx) => {
      const payable = await lockPayable(
        tx,
        candidates.map((pair) => pair.invoiceId),
      );
      const open = await lockUnmatched(
        tx,
        candidates.map((pair) => pair.transferId),
      );
      return insertPayments(
        tx,
        candidates.filter((pair) => payable.has(pair.invoiceId) && open.has(pair.transferId)),
      );
    });
    for (const pair of paid) log.info({ network, mode, ...pair }, "payment seen");
    made += paid.length;
    // Nothing joined: another matcher was faster, or an invoice was cancelled in between. There may be more behind these, so
    // nothing is closed; the next tick looks again.
    if (paid.length === 0) return made;
  }
  await closeMatching(db(), closable);
  return made;
}
