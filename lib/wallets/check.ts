import { db } from "@/db/client";
import { findWalletByKey } from "@/db/queries/wallets";
import { parseAddress } from "@/lib/chains/address";
import { labelOf } from "@/lib/chains/networks";
import { NETWORKS, type Network } from "@/lib/networks";

/**
 * What an address looks like while it is typed: `good`, fit to be added but worth a second look (`doubtful`), or `wrong`.
 * `fits`: the networks that it is an address of.
 */
export type AddressCheck = { verdict: "good" | "doubtful" | "wrong"; message: string; fits: Network[] };

/**
 * Checks an address for a network: form, checksum, whether it is the token's own contract, and whether the merchant has it
 * already.
 */
export async function checkAddress(merchantId: string, network: Network, address: string): Promise<AddressCheck> {
  const fits = NETWORKS.filter((each) => parseAddress(each, address).ok);
  const parsed = parseAddress(network, address);
  if (!parsed.ok) return { verdict: "wrong", message: parsed.message, fits };
  const own = await findWalletByKey(db(), merchantId, network, parsed.key);
  if (own && !own.archivedAt)
    return { verdict: "wrong", message: `You already have this address on ${labelOf(network)}`, fits };
  if (own)
    return { verdict: "doubtful", message: "An archived wallet of yours: adding it brings it back into use", fits };
  // Only a mixed-case address has a checksum, outside Tron.
  if (network !== "tron" && address.trim() === address.trim().toLowerCase()) {
    const message = "An address in this form has no checksum: compare it with your wallet, character by character";
    return { verdict: "doubtful", message, fits };
  }
  return { verdict: "good", message: `A valid address on ${labelOf(network)}; its checksum fits`, fits };
}
