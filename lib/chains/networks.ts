import { env, NETWORKS, type Network } from "@/lib/env";
import { ASSET_CODES, type AssetCode } from "@/lib/networks";

export { ASSET_CODES, type AssetCode, NETWORKS, type Network };

/** A network with the operator's settings laid over the defaults. */
export type NetworkSpec = {
  network: Network;
  assetCode: AssetCode;
  label: string;
  /** How its addresses look, for messages. */
  addressForm: string;
  decimals: number;
  contract: string;
  chainId: number;
  confirmations: number;
  /** `depth`: confirmations are enough; `finalized`: the network must call the block final too. */
  finality: "depth" | "finalized";
  pollMs: number;
  rpcUrls: string[];
  startBlock: number | undefined;
  /** How many recent blocks are kept and read header by header: deeper than any reorg seen there. */
  recentBlocks: number;
};

type Defaults = Omit<NetworkSpec, "network" | "rpcUrls" | "startBlock">;

const TABLE: Record<Network, Defaults> = {
  tron: {
    assetCode: "USDT_TRC20",
    label: "Tron (TRC20)",
    addressForm: "34 characters that start with T",
    decimals: 6,
    contract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    chainId: 728126428,
    confirmations: 20,
    finality: "finalized",
    pollMs: 3000,
    recentBlocks: 128,
  },
  ethereum: {
    assetCode: "USDT_ERC20",
    label: "Ethereum (ERC20)",
    addressForm: "0x and 40 hex digits",
    decimals: 6,
    contract: "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    chainId: 1,
    confirmations: 12,
    // `finalized` trails 13–19 minutes there; twelve blocks are deeper than any reorg since the merge.
    finality: "depth",
    pollMs: 4000,
    recentBlocks: 128,
  },
  bsc: {
    assetCode: "USDT_BSC",
    label: "BNB Smart Chain (BEP20)",
    addressForm: "0x and 40 hex digits",
    decimals: 18,
    contract: "0x55d398326f99059fF775485246999027B3197955",
    chainId: 56,
    confirmations: 15,
    finality: "finalized",
    pollMs: 2000,
    recentBlocks: 512,
  },
};

/** The network as this gateway runs it. */
export function networkSpec(network: Network): NetworkSpec {
  const defaults = TABLE[network];
  const set = env().networks[network];
  return {
    ...defaults,
    network,
    rpcUrls: set.rpcUrls,
    startBlock: set.startBlock,
    contract: set.contract ?? defaults.contract,
    chainId: set.chainId ?? defaults.chainId,
    confirmations: set.confirmations ?? defaults.confirmations,
    finality: set.finality ?? defaults.finality,
    pollMs: set.pollMs ?? defaults.pollMs,
  };
}

export const assetOf = (network: Network): AssetCode => TABLE[network].assetCode;
export const labelOf = (network: Network): string => TABLE[network].label;

export function networkOf(assetCode: AssetCode): Network {
  const found = NETWORKS.find((network) => TABLE[network].assetCode === assetCode);
  if (!found) throw new Error(`no network for ${assetCode}`);
  return found;
}

/** A transaction hash as the network's explorers print it: Tron leaves the 0x out. */
export function formatTxHash(network: Network, hash: string): string {
  return network === "tron" ? hash.replace(/^0x/, "") : hash;
}
