/** The networks that payments are read from. Pure: browsers know them too. */
export const NETWORKS = ["tron", "ethereum", "bsc"] as const;
export type Network = (typeof NETWORKS)[number];
