/** The networks that payments are read from. Pure: browsers know them too. */
export const NETWORKS = ["tron", "ethereum", "bsc"] as const;
export type Network = (typeof NETWORKS)[number];

/** What the API calls USDT on each of them. */
export const ASSET_CODES = ["USDT_TRC20", "USDT_ERC20", "USDT_BSC"] as const;
export type AssetCode = (typeof ASSET_CODES)[number];
