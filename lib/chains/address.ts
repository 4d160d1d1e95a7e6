import { utils as tron } from "tronweb";
import { getAddress, isAddress } from "viem";
import { type Network, networkSpec } from "./networks";

/** `address` as it was written; `key` is the spelling to compare by: 20 bytes, lower-case hex with 0x. */
export type ParsedAddress = { ok: true; address: string; key: string } | { ok: false; message: string };

const ZERO_KEY = `0x${"0".repeat(40)}`;
const isHexAddress = (text: string) => /^0[xX][0-9a-fA-F]{40}$/.test(text);
const looksTron = (text: string) => /^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text);

function parseTron(text: string): ParsedAddress {
  if (isHexAddress(text)) {
    return {
      ok: false,
      message: "This looks like an Ethereum or BNB Smart Chain address. A Tron address starts with T",
    };
  }
  if (!looksTron(text)) return { ok: false, message: "A Tron address is 34 characters long and starts with T" };
  if (!tron.address.isAddress(text)) {
    return {
      ok: false,
      message: "The address has a typing mistake: its checksum does not fit. Copy it again",
    };
  }
  // tronweb gives 41 + 20 bytes: 41 is the network's prefix, which logs leave out.
  return { ok: true, address: text, key: `0x${tron.address.toHex(text).slice(2).toLowerCase()}` };
}

function parseEvm(text: string): ParsedAddress {
  if (looksTron(text)) {
    return { ok: false, message: "This looks like a Tron address. Here an address starts with 0x" };
  }
  if (!isHexAddress(text)) return { ok: false, message: "An address is 0x followed by 40 hexadecimal digits" };
  const digits = text.slice(2);
  const mixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
  // 0X is understood, but not shown to customers: many wallets do not take it.
  const written = `0x${digits}`;
  // EIP-55: only a mixed-case address carries a checksum.
  if (mixed && !isAddress(written, { strict: true })) {
    return {
      ok: false,
      message: "The address has a typing mistake: its checksum does not fit. Copy it again",
    };
  }
  const key = `0x${digits.toLowerCase()}`;
  return { ok: true, address: mixed || digits === digits.toLowerCase() ? written : getAddress(key), key };
}

/** Parses an address of a network without asking whether anybody should be paid there. */
function parseAny(network: Network, text: string): ParsedAddress {
  return network === "tron" ? parseTron(text) : parseEvm(text);
}

/**
 * Parses the address of a wallet that is to be paid. The zero address and the token's own contract are refused:
 * what is sent there is lost.
 */
export function parseAddress(network: Network, text: string): ParsedAddress {
  const parsed = parseAny(network, text.trim());
  if (!parsed.ok) return parsed;
  if (parsed.key === ZERO_KEY) return { ok: false, message: "This is the zero address: what is sent there is lost" };
  if (parsed.key === contractKey(network)) {
    return { ok: false, message: "This is the USDT contract, not a wallet: what is sent there is lost" };
  }
  return parsed;
}

/** The key of an address that was stored, and so is known to be one. */
export function addressKeyOf(network: Network, address: string): string {
  const parsed = parseAny(network, address);
  if (!parsed.ok) throw new Error(`${address} is no address on ${network}`);
  return parsed.key;
}

/** The key of the network's USDT contract. */
export function contractKey(network: Network): string {
  const { contract } = networkSpec(network);
  const parsed = parseAny(network, contract);
  if (!parsed.ok) throw new Error(`${network.toUpperCase()}_USDT_CONTRACT ${contract}: ${parsed.message}`);
  return parsed.key;
}

/** An address as people of the network write it: base58check with T on Tron, EIP-55 elsewhere. */
export function formatAddress(network: Network, key: string): string {
  return network === "tron" ? tron.address.fromHex(`41${key.slice(2)}`) : getAddress(key);
}
