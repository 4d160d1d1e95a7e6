import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Set by our own server from the connection; whatever a client sends under this name is overwritten there. */
export const CLIENT_IP_HEADER = "x-gateway-client-ip";

// The server and the application's bundles each have a copy of this module.
const KEY = Symbol.for("usdt-gateway.writes-client-ip");
const store = globalThis as unknown as Record<symbol, boolean | undefined>;

/** Said once by the server that writes CLIENT_IP_HEADER into every request: only there is it believed. */
export function believeClientIpHeader(believe = true): void {
  store[KEY] = believe;
}

/**
 * Who is calling, or null where it cannot be known. Elsewhere than on our own server the platform's proxy appends the
 * address it saw to X-Forwarded-For; what stands before that, the client may have written itself.
 */
export function clientIp(request: { headers: Pick<Headers, "get"> }): string | null {
  const own = store[KEY] ? request.headers.get(CLIENT_IP_HEADER) : null;
  const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  const ip = own ?? forwarded ?? "";
  return isIP(ip) ? ip : null;
}

/** Whom to count a caller as: an IPv6 subscriber has 2⁶⁴ addresses to call from, and is counted as one. */
export function limitSubject(ip: string | null): string {
  if (ip === null) return "unknown";
  const address = ipaddr.process(ip);
  return address instanceof ipaddr.IPv6
    ? `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`)}/64`
    : address.toString();
}

/**
 * What our own server writes into CLIENT_IP_HEADER. A connection from a private address is a reverse proxy's, which appends
 * the address it saw to X-Forwarded-For; anybody else's word about that is not taken.
 */
export function callerIp(remote: string | undefined, forwardedFor: string | string[] | undefined): string {
  if (!remote || !isIP(remote)) return "";
  const address = ipaddr.process(remote);
  const forwarded = [forwardedFor].flat().join(",").split(",").at(-1)?.trim() ?? "";
  return address.range() !== "unicast" && isIP(forwarded) ? forwarded : address.toString();
}
