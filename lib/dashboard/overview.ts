import { db } from "@/db/client";
import type { Scope } from "@/db/queries/invoices";
import type { Merchant } from "@/db/queries/merchants";
import {
  type BucketTally,
  countFailedDeliveries,
  countStrugglingDeliveries,
  listCrowdedAmounts,
  medianSecondsToPay,
  tallyByTime,
} from "@/db/queries/overview";
import { countUnmatched } from "@/db/queries/unmatched";
import { listWallets } from "@/db/queries/wallets";
import type { InvoiceStatus } from "@/db/schema";
import { labelOf, NETWORKS, type Network } from "@/lib/chains/networks";
import { networksHealth } from "@/lib/health/service";
import { formatAmount } from "@/lib/money";
import { addDays, dayOf, isTimeZone, startOfDay } from "@/lib/time-zone";

export const RANGES = ["24h", "7d", "30d", "90d"] as const;
export type Range = (typeof RANGES)[number];
const DAYS: Record<Range, number> = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 };

const HOUR_MS = 3_600_000;
/** Counted no further: "1000 or more" says enough. */
export const COUNT_LIMIT = 1_000;
/** Failures older than this no longer ask for attention. */
const FAILED_DAYS = 7;
const PAYMENTS_OF_MEDIAN = 1_000;
const OPEN_LOOKED_AT = 2_000;
/** A wallet runs low when this much of the places around an amount is taken. */
const LOW_SHARE = 0.8;

/** What one hour or day of invoices came to. `at` is its start. */
export type Bucket = { at: Date; created: number; confirmed: number; volumeUsdt: Record<Network, string> };

/** Something that a person should look at, the most urgent first. */
export type Attention =
  | { kind: "network"; network: Network; label: string; status: "behind" | "failing"; secondsBehind: number | null }
  | { kind: "failed_deliveries"; count: number; days: number }
  | { kind: "unmatched"; count: number }
  | {
      kind: "slots";
      walletId: string;
      wallet: string;
      network: Network;
      amountUsdt: string;
      taken: number;
      places: number;
    }
  | { kind: "struggling_deliveries"; count: number }
  | { kind: "no_wallet" }
  | { kind: "no_webhook_url" };

export type Overview = {
  range: Range;
  unit: "hour" | "day";
  timeZone: string;
  buckets: Bucket[];
  totals: Record<InvoiceStatus | "created", number> & { volumeUsdt: string };
  byNetwork: { network: Network; label: string; created: number; confirmed: number; volumeUsdt: string }[];
  /** Of the invoices that are no longer open, the share that was paid, in percent; null where there is none. */
  paidPercent: number | null;
  medianSecondsToPay: { seconds: number; of: number } | null;
  networks: {
    network: Network;
    label: string;
    status: string;
    secondsBehind: number | null;
    blocksBehind: number | null;
  }[];
  attention: Attention[];
};

/** Everything that the overview shows, of one mode. Invoices count where they were created. */
export async function getOverview(
  merchant: Pick<Merchant, "id" | "timeZone" | "adjustmentLimit" | "webhookUrl">,
  mode: Scope["mode"],
  range: Range,
  now = new Date(),
): Promise<Overview> {
  const scope = { merchantId: merchant.id, mode };
  const timeZone = isTimeZone(merchant.timeZone) ? merchant.timeZone : "UTC";
  const unit = range === "24h" ? "hour" : "day";
  const starts = bucketStarts(range, timeZone, now);
  const from = starts[0] ?? now;
  const failedSince = new Date(now.getTime() - FAILED_DAYS * 24 * HOUR_MS);
  const [tallies, median, health, wallets, failed, struggling, unmatched, crowded] = await Promise.all([
    tallyByTime(db(), scope, from, unit, timeZone),
    medianSecondsToPay(db(), scope, from, PAYMENTS_OF_MEDIAN),
    networksHealth(now),
    listWallets(db(), merchant.id),
    countFailedDeliveries(db(), scope, failedSince, COUNT_LIMIT),
    countStrugglingDeliveries(db(), scope, COUNT_LIMIT),
    countUnmatched(db(), scope, COUNT_LIMIT),
    listCrowdedAmounts(db(), scope, merchant.adjustmentLimit, OPEN_LOOKED_AT),
  ]);
  const sum = (wanted: (tally: BucketTally) => boolean) =>
    tallies.filter(wanted).reduce((total, tally) => total + tally.count, 0);
  const volume = (wanted: (tally: BucketTally) => boolean) =>
    formatAmount(
      tallies
        .filter((tally) => tally.status === "confirmed" && wanted(tally))
        .reduce((total, tally) => total + tally.volume, 0n),
    );
  const count = (status: InvoiceStatus) => sum((tally) => tally.status === status);
  const totals = {
    created: sum(() => true),
    pending: count("pending"),
    confirmed: count("confirmed"),
    expired: count("expired"),
    cancelled: count("cancelled"),
    volumeUsdt: volume(() => true),
  };
  const closed = totals.created - totals.pending;
  const places = Number(merchant.adjustmentLimit) + 1;
  const used = NETWORKS.filter(
    (network) =>
      wallets.some((wallet) => wallet.network === network) || tallies.some((tally) => tally.network === network),
  );
  return {
    range,
    unit,
    timeZone,
    buckets: starts.map((at) => ({
      at,
      created: sum((tally) => tally.at.getTime() === at.getTime()),
      confirmed: sum((tally) => tally.at.getTime() === at.getTime() && tally.status === "confirmed"),
      volumeUsdt: Object.fromEntries(
        NETWORKS.map((network) => [
          network,
          volume((tally) => tally.network === network && tally.at.getTime() === at.getTime()),
        ]),
      ) as Record<Network, string>,
    })),
    totals,
    byNetwork: used.map((network) => ({
      network,
      label: labelOf(network),
      created: sum((tally) => tally.network === network),
      confirmed: sum((tally) => tally.network === network && tally.status === "confirmed"),
      volumeUsdt: volume((tally) => tally.network === network),
    })),
    paidPercent: closed === 0 ? null : Math.round((totals.confirmed / closed) * 1000) / 10,
    medianSecondsToPay: median,
    networks: health.map(({ network, status, secondsBehind, blocksBehind }) => ({
      network,
      label: labelOf(network),
      status,
      secondsBehind,
      blocksBehind,
    })),
    attention: [
      ...health.flatMap((entry): Attention[] =>
        mode === "live" && (entry.status === "failing" || entry.status === "behind") && used.includes(entry.network)
          ? [
              {
                kind: "network",
                network: entry.network,
                label: labelOf(entry.network),
                status: entry.status,
                secondsBehind: entry.secondsBehind,
              },
            ]
          : [],
      ),
      ...(failed > 0 ? [{ kind: "failed_deliveries" as const, count: failed, days: FAILED_DAYS }] : []),
      ...(unmatched > 0 ? [{ kind: "unmatched" as const, count: unmatched }] : []),
      ...crowded.flatMap((entry): Attention[] => {
        const wallet = wallets.find((candidate) => candidate.id === entry.walletId);
        if (!wallet || places < 2 || entry.taken < places * LOW_SHARE) return [];
        return [
          {
            kind: "slots",
            walletId: wallet.id,
            wallet: wallet.label ?? wallet.address,
            network: wallet.network,
            amountUsdt: formatAmount(entry.amount),
            taken: Math.min(entry.taken, places),
            places,
          },
        ];
      }),
      ...(struggling > 0 ? [{ kind: "struggling_deliveries" as const, count: struggling }] : []),
      ...(wallets.length === 0 ? [{ kind: "no_wallet" as const }] : []),
      ...(merchant.webhookUrl === null && totals.created > 0 ? [{ kind: "no_webhook_url" as const }] : []),
    ],
  };
}

/** When each hour or day of a range begins, the oldest first; the last one is not over yet. */
function bucketStarts(range: Range, timeZone: string, now: Date): Date[] {
  if (range === "24h") {
    const hour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
    return Array.from({ length: 24 }, (_, i) => new Date(hour - (23 - i) * HOUR_MS));
  }
  const today = dayOf(now, timeZone);
  const days = DAYS[range];
  return Array.from({ length: days }, (_, i) => startOfDay(addDays(today, i - days + 1), timeZone) ?? now);
}
