import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { PageHeader } from "@/components/dashboard/page-header";
import { AddWallet } from "@/components/dashboard/wallets/add-wallet";
import { WalletList } from "@/components/dashboard/wallets/wallet-list";
import { EmptyState } from "@/components/ui/states";
import { labelOf } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import { NETWORKS } from "@/lib/networks";
import { listWalletUse } from "@/lib/wallets/service";
import { addWallet, archiveWallet, checkAddress, makeDefaultWallet, renameWallet } from "./actions";

export const metadata: Metadata = { title: "Wallets" };

export default async function WalletsPage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant, mode } = await requireSession(params);
  const wallets = (await listWalletUse(merchant, mode)).map((wallet) => ({
    id: wallet.id,
    network: wallet.network,
    networkLabel: labelOf(wallet.network),
    isOff: mode === "live" && !isWatched(wallet.network),
    address: wallet.address,
    label: wallet.label,
    isDefault: wallet.isDefault,
    createdAt: wallet.createdAt,
    archivedAt: wallet.archivedAt,
    openInvoices: wallet.openInvoices,
    crowded: wallet.crowded,
  }));
  const networks = NETWORKS.map((network) => ({ network, label: labelOf(network), isWatched: isWatched(network) }));
  const add = <AddWallet networks={networks} addWallet={addWallet} checkAddress={checkAddress} />;
  const places = Number(merchant.adjustmentLimit) + 1;
  return (
    <>
      <PageHeader
        title="Wallets"
        description="Where customers pay you, in test and live mode alike. The gateway only reads them: it never holds their keys."
        action={add}
      />
      {wallets.length === 0 ? (
        <EmptyState>No wallet yet. Without one no invoice can be made.</EmptyState>
      ) : (
        <WalletList
          wallets={wallets}
          places={places}
          makeDefault={makeDefaultWallet}
          rename={renameWallet}
          archive={archiveWallet}
        />
      )}
    </>
  );
}
