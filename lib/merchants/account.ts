import { db } from "@/db/client";
import { type Tally, tallyInvoices, tallyInvoicesBetween } from "@/db/queries/invoice-tallies";
import type { Scope } from "@/db/queries/invoices";
import { findOwnerEmail, type Merchant } from "@/db/queries/merchants";
import { listWallets } from "@/db/queries/wallets";
import { assetOf, labelOf } from "@/lib/chains/networks";
import { formatTime } from "@/lib/clock";
import { networksHealth } from "@/lib/health/service";
import { formatAmount } from "@/lib/money";

const HOUR_MS = 3_600_000;

/** A merchant's account as the API shows it: wallets, statistics of one mode, and how scanning stands. */
export async function getAccount(merchant: Merchant, mode: Scope["mode"]) {
  const scope = { merchantId: merchant.id, mode };
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
  const [email, wallets, all, day, month, networks] = await Promise.all([
    findOwnerEmail(db(), merchant.id),
    listWallets(db(), merchant.id),
    tallyInvoices(db(), scope, null),
    tallyInvoicesBetween(db(), scope, null, ago(24), null),
    tallyInvoicesBetween(db(), scope, null, ago(24 * 30), null),
    networksHealth(),
  ]);
  return {
    id: merchant.id,
    name: merchant.name,
    email,
    status: merchant.status,
    createdAt: formatTime(merchant.createdAt),
    mode,
    wallets: wallets.map((wallet) => ({
      id: wallet.id,
      network: wallet.network,
      assetCode: assetOf(wallet.network),
      address: wallet.address,
      label: wallet.label,
      isDefault: wallet.isDefault,
      createdAt: formatTime(wallet.createdAt),
    })),
    statistics: { ...statistics(all), last24Hours: statistics(day), last30Days: statistics(month) },
    networks: networks.map(({ network, status, blocksBehind, secondsBehind }) => ({
      network,
      label: labelOf(network),
      assetCode: assetOf(network),
      status,
      healthy: status === "ok",
      blocksBehind,
      secondsBehind,
    })),
  };
}

function statistics(tallies: Tally[]) {
  const countOf = (status: Tally["status"]) => tallies.find((tally) => tally.status === status)?.count ?? 0;
  return {
    total: tallies.reduce((sum, tally) => sum + tally.count, 0),
    byStatus: {
      pending: countOf("pending"),
      confirmed: countOf("confirmed"),
      expired: countOf("expired"),
      cancelled: countOf("cancelled"),
    },
    confirmedVolumeUsdt: formatAmount(tallies.find((tally) => tally.status === "confirmed")?.volume ?? 0n),
  };
}
