/**
 * Where a webhook may connect. Anybody can register and name any URL, and this server may stand next to databases, cloud
 * metadata services and other people's machines; so a webhook goes to public addresses only.
 *
 * A name is checked when it is resolved, by the lookup the socket itself uses: the addresses that were checked are the
 * only ones the socket can connect to, so a name that answers differently the second time (DNS rebinding) gains nothing.
 */
import { lookup as dnsLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** One answer of a resolver; `family` is 4 or 6. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Gives every address of a name. Rejects, as `dns.promises.lookup` does, when there is none. */
export type Resolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** What `checkTargetUrl` found: the parsed URL, or a reason in words that may be shown to the merchant. */
export type TargetCheck = { ok: true; url: URL } | { ok: false; reason: string };

/** The `code` of a `BlockedAddressError`. */
export const BLOCKED_CODE = "ERR_WEBHOOK_BLOCKED";

/** A connection that the guard refused. The message is a reason in words, without the prefix "blocked:". */
export class BlockedAddressError extends Error {
  readonly code = BLOCKED_CODE;

  constructor(reason: string) {
    super(reason);
    this.name = "BlockedAddressError";
  }
}

type Address = ReturnType<typeof ipaddr.process>;

/** 2000::/3 is all that IANA has handed out for global unicast; the rest of IPv6 is special or not in use. */
const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR("2000::/3");

/** Public by number, but the host's own control channel on Azure ("wire server"): reachable only from inside. */
const INTERNAL_V4 = new Set(["168.63.129.16"]);

/** How a range of ipaddr.js is named to a merchant; every other one is "a reserved address". */
const RANGE_WORDS: Record<string, string> = {
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a private address",
  carrierGradeNat: "a private address",
  loopback: "a loopback address",
  unspecified: "a loopback address",
  linkLocal: "a link-local address",
  multicast: "a multicast address",
  broadcast: "a broadcast address",
  rfc6052: "an address that embeds another",
  rfc6145: "an address that embeds another",
  "6to4": "an address that embeds another",
  teredo: "an address that embeds another",
};

function isInCidrs(address: Address, cidrs: readonly string[]): boolean {
  return cidrs.some((cidr) => {
    const text = cidr.trim();
    // A single address stands for itself. Whatever cannot be read opens nothing.
    const full = isIP(text) === 4 ? `${text}/32` : isIP(text) === 6 ? `${text}/128` : text;
    if (!ipaddr.isValidCIDR(full)) return false;
    const [range, bits] = ipaddr.parseCIDR(full);
    return range.kind() === address.kind() && address.match(range, bits);
  });
}

/** ISATAP (RFC 5214 §6.1): an interface id of 0:5efe or 200:5efe carries an IPv4 address the packet is tunnelled to. */
function embedsIsatap(parts: readonly number[]): boolean {
  return ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe;
}

/** Why this address is refused, in words, or null when a webhook may connect to it. */
function refusal(ip: string, allowCidrs: readonly string[]): string | null {
  // Only the canonical spellings that the resolver and the URL parser produce; ipaddr.js itself would read "127.1".
  if (isIP(ip) === 0) return "not an IP address";
  // An IPv4-mapped address (::ffff:a.b.c.d) is judged as the IPv4 address that it reaches.
  const address = ipaddr.process(ip);
  if (isInCidrs(address, allowCidrs)) return null;
  const range = address.range();
  if (range !== "unicast") return RANGE_WORDS[range] ?? "a reserved address";
  if (address.kind() === "ipv4") return INTERNAL_V4.has(address.toString()) ? "a reserved address" : null;
  if (ip.includes("%")) return "an address of one interface";
  // Among what this catches is ::a.b.c.d ("IPv4-compatible"), which ipaddr.js calls unicast.
  if (!address.match(GLOBAL_UNICAST_V6)) return "a reserved address";
  if (embedsIsatap((address as ipaddr.IPv6).parts)) return "an address that embeds another";
  return null;
}

/**
 * Whether a webhook may connect to this address.
 *
 * @param ip An IPv4 or IPv6 address as node writes it; anything else is refused.
 * @param allowCidrs Ranges (or single addresses) open although they are not public: `WEBHOOK_ALLOW_CIDRS`. One that
 * cannot be read opens nothing.
 */
export function isAllowedAddress(ip: string, allowCidrs: readonly string[]): boolean {
  return refusal(ip, allowCidrs) === null;
}

/**
 * Checks what can be known of a webhook URL without asking DNS: when it is configured, and again when it is used.
 * Spellings of IPv4 (decimal, hex, octal, short) need no code here: the WHATWG URL parser turns them all into a.b.c.d.
 *
 * @returns The parsed URL, which is the one to connect with, or a reason in words for the merchant.
 */
export function checkTargetUrl(url: string, allowCidrs: readonly string[]): TargetCheck {
  if (!URL.canParse(url)) return { ok: false, reason: "the URL is not valid" };
  const parsed = new URL(url);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    return { ok: false, reason: "the URL must begin with http:// or https://" };
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return { ok: false, reason: "the URL must not contain a user name or password" };
  }
  const host = hostOf(parsed);
  // Node 20.9 parses some spellings (full-width digits, say) to an empty host, and a socket takes that for localhost.
  if (host === "") return { ok: false, reason: "the URL is not valid" };
  if (isIP(host) !== 0) {
    const reason = refusal(host, allowCidrs);
    return reason === null ? { ok: true, url: parsed } : { ok: false, reason: `${host} is ${reason}` };
  }
  const name = host.replace(/\.$/, "");
  const isLocalhost = name === "localhost" || name.endsWith(".localhost");
  // RFC 6761 §6.3: these names are loopback whatever a resolver says, so they are open only where loopback is.
  if (isLocalhost && !isAllowedAddress("127.0.0.1", allowCidrs) && !isAllowedAddress("::1", allowCidrs)) {
    return { ok: false, reason: `${name} is a loopback address` };
  }
  return { ok: true, url: parsed };
}

/** The host of a URL as a socket wants it: an IPv6 literal without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

const systemResolver: Resolver = (hostname) => dnsLookup(hostname, { all: true, verbatim: true });

/**
 * A `lookup` for node's sockets that hands on only addresses a webhook may connect to, in the resolver's order. A name
 * with none fails with `BlockedAddressError`; a resolver's own error is passed through. Both forms of the callback are
 * served: with `all` (the socket then tries the addresses in turn) and single.
 *
 * node does not call `lookup` for an IP literal: `checkTargetUrl` answers for those.
 *
 * @param resolver Where addresses come from; the system's resolver (hosts file included) if left out. It is asked once.
 */
export function guardedLookup(allowCidrs: readonly string[], resolver: Resolver = systemResolver): LookupFunction {
  return (hostname, options, callback) => {
    const fail = (error: NodeJS.ErrnoException) => callback(error, options.all ? [] : "", 0);
    const family = options.family === "IPv4" ? 4 : options.family === "IPv6" ? 6 : (options.family ?? 0);
    resolve(hostname, resolver)
      .then((found) => {
        const wanted = found.filter((entry) => family === 0 || entry.family === family);
        const open = wanted.filter((entry) => isAllowedAddress(entry.address, allowCidrs));
        const first = open[0];
        if (first !== undefined) {
          return () => (options.all ? callback(null, open) : callback(null, first.address, first.family));
        }
        const refused = wanted[0];
        // The address is not named: the answer of an internal DNS server is nothing to show to a stranger.
        const error =
          refused === undefined
            ? Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" })
            : new BlockedAddressError(`${hostname} resolves to ${refusal(refused.address, allowCidrs)}`);
        return () => fail(error);
      })
      .catch((error: NodeJS.ErrnoException) => () => fail(error))
      // Called outside the promise chain: what the socket throws in its callback is not a failure of the resolver.
      .then((answer) => process.nextTick(answer));
  };
}

/** Turns a resolver that throws at once into one that rejects, and writes the family as it really is. */
async function resolve(hostname: string, resolver: Resolver): Promise<ResolvedAddress[]> {
  const found = await resolver(hostname);
  return found.map(({ address }) => ({ address, family: isIP(address) }));
}

/**
 * The second look, after the connection stands and before a byte is sent: throws `BlockedAddressError` when the peer is
 * an address that a webhook may not connect to (the kernel, for one, turns 0.0.0.0 into 127.0.0.1), or is not known.
 */
export function assertConnectedAddress(remoteAddress: string | undefined, allowCidrs: readonly string[]): void {
  const reason = remoteAddress === undefined ? "not known" : refusal(remoteAddress, allowCidrs);
  if (reason !== null) throw new BlockedAddressError(`the address connected to is ${reason}`);
}
