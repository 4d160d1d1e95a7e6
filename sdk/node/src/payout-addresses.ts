import { ConfigurationError, PayoutAddressError } from "./errors.js";
import type { Invoice, Network } from "./types.js";

/** Your wallets: a list, or by network. */
export type PayoutAddressList = readonly string[] | Partial<Record<Network, string | readonly string[]>>;

/** Throws unless an address is one of yours. */
export type AddressCheck = (seen: { network: Network; payoutAddress: string; invoiceId: string }) => void;

const NETWORKS: readonly Network[] = ["tron", "ethereum", "bsc"];
const EVM = /^0x[0-9a-fA-F]{40}$/;
const TRON = /^T[1-9A-HJ-NP-Za-km-z]{33}$/;

/**
 * EVM addresses are compared without regard to case, which is only a checksum there; Tron's exactly, where it is part of the
 * address.
 * @throws {ConfigurationError} for what can be no address of its network, and for no address at all.
 */
export function addressCheck(list: PayoutAddressList | undefined): AddressCheck {
  if (list === undefined) return () => {};
  const allowed = byNetwork(list);
  return ({ network, payoutAddress, invoiceId }) => {
    if (allowed.get(network)?.has(comparable(payoutAddress))) return;
    throw new PayoutAddressError(
      `The gateway named ${payoutAddress} on ${network} as the address to pay to, which is not one of your payoutAddresses. ` +
        `Show it to nobody. If the wallet is yours, add it to payoutAddresses; else find out who changed your wallets (invoice ${invoiceId}).`,
      payoutAddress,
      invoiceId,
    );
  };
}

/** The same for invoices. */
export function invoiceCheck(
  check: AddressCheck,
): <T extends Pick<Invoice, "id" | "network" | "payoutAddress">>(invoice: T) => T {
  return (invoice) => {
    check({ network: invoice.network, payoutAddress: invoice.payoutAddress, invoiceId: invoice.id });
    return invoice;
  };
}

function byNetwork(list: PayoutAddressList): Map<Network, Set<string>> {
  const entries: [Network, string][] = isList(list)
    ? list.flatMap((address) => networksOf(address).map((network): [Network, string] => [network, address]))
    : Object.entries(list).flatMap(([network, value]) =>
        [value ?? []].flat().map((address): [Network, string] => [network as Network, address]),
      );
  if (entries.length === 0) throw configuration("payoutAddresses is empty: name your wallets, or leave it out.");
  const allowed = new Map<Network, Set<string>>();
  for (const [network, address] of entries) {
    if (!NETWORKS.includes(network)) {
      throw configuration(`payoutAddresses names the network ${network}; there are ${NETWORKS.join(", ")}.`);
    }
    if (!networksOf(address).includes(network))
      throw configuration(`payoutAddresses: ${address} is no address on ${network}.`);
    allowed.set(network, (allowed.get(network) ?? new Set()).add(comparable(address)));
  }
  return allowed;
}

const isList = (list: PayoutAddressList): list is readonly string[] => Array.isArray(list);

function networksOf(address: string): Network[] {
  if (typeof address === "string" && EVM.test(address)) return ["ethereum", "bsc"];
  if (typeof address === "string" && TRON.test(address)) return ["tron"];
  throw configuration(
    `payoutAddresses: ${address} is neither a Tron (T…) nor an Ethereum or BNB Smart Chain (0x…) address.`,
  );
}

const comparable = (address: string) => (EVM.test(address) ? address.toLowerCase() : address);
const configuration = (message: string) => new ConfigurationError(message, { code: "invalid_configuration" });
