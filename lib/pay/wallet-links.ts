import { type Network, networkSpec } from "@/lib/chains/networks";
import { formatAmount, type Units, unitsToBase } from "@/lib/money";

/** Addresses outside: of a network's explorer, and of wallets that can be opened with the payment filled in. */

/** `fills`: whether the wallet shows recipient and amount, or is only opened. */
export type WalletLink = { wallet: "metamask" | "trust" | "tronlink"; url: string; fills: boolean };

const EXPLORERS: Record<number, string> = {
  1: "https://etherscan.io/tx/",
  11155111: "https://sepolia.etherscan.io/tx/",
  56: "https://bscscan.com/tx/",
  97: "https://testnet.bscscan.com/tx/",
  728126428: "https://tronscan.org/#/transaction/",
  3448148188: "https://nile.tronscan.org/#/transaction/",
};

/** A transaction's page on its network's explorer; null where the network is one that no public explorer shows. */
export function explorerUrl(network: Network, txHash: string): string | null {
  const base = EXPLORERS[networkSpec(network).chainId];
  return base === undefined ? null : base + encodeURIComponent(txHash);
}

/** The payment as ERC-681 writes it, numbers plain: not every reader knows exponents. Null on Tron, which has no such form. */
export function paymentUri(network: Network, address: string, value: bigint): string | null {
  if (network === "tron") return null;
  const { contract, chainId } = networkSpec(network);
  return `ethereum:${contract}@${chainId}/transfer?address=${address}&uint256=${value}`;
}

/** What Trust Wallet calls the networks (SLIP-44 coin types, with its own for BNB Smart Chain); it knows the main ones only. */
const TRUST_COIN: Record<number, string> = { 1: "c60", 56: "c20000714", 728126428: "c195" };

/** Links that open common wallets, by formats that the wallets publish. Nothing is asked of them before somebody clicks. */
export function walletLinks(network: Network, address: string, amount: Units): WalletLink[] {
  const { contract, chainId, decimals } = networkSpec(network);
  const links: WalletLink[] = [];
  if (network === "tron") {
    // TronLink fills in a transfer only if it is told the sender, whom we do not know: it is just opened.
    const param = encodeURIComponent(JSON.stringify({ action: "open", protocol: "tronlink", version: "1.0" }));
    links.push({ wallet: "tronlink", url: `tronlinkoutside://pull.activity?param=${param}`, fills: false });
  } else {
    const value = unitsToBase(amount, decimals);
    const url = `https://link.metamask.io/send/${contract}@${chainId}/transfer?address=${address}&uint256=${value}`;
    links.push({ wallet: "metamask", url, fills: true });
  }
  const coin = TRUST_COIN[chainId];
  if (coin) {
    const query = new URLSearchParams({ asset: `${coin}_t${contract}`, address, amount: formatAmount(amount) });
    links.push({ wallet: "trust", url: `https://link.trustwallet.com/send?${query}`, fills: true });
  }
  return links;
}
