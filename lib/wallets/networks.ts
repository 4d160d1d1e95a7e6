import { db } from "@/db/client";
import { listWallets } from "@/db/queries/wallets";
import { assetOf, labelOf, NETWORKS } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import type { Mode } from "@/lib/mode";

/** The networks that a merchant has wallets on. `isOff`: no live invoice can be made there, because the gateway does not watch it. */
export async function listPayableNetworks(merchantId: string, mode: Mode) {
  const wallets = await listWallets(db(), merchantId);
  return NETWORKS.filter((network) => wallets.some((wallet) => wallet.network === network)).map((network) => ({
    assetCode: assetOf(network),
    label: labelOf(network),
    isOff: mode === "live" && !isWatched(network),
  }));
}
