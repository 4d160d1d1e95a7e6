import { isIP } from "node:net";

/** Set by our own server from the connection (scripts/start.ts); whatever a client sends under this name is overwritten there. */
export const CLIENT_IP_HEADER = "x-gateway-client-ip";

/**
 * Who is calling, or null where it cannot be known. Elsewhere than on our own server the platform's proxy appends the
 * address it saw to X-Forwarded-For; what stands before that, the client may have written itself.
 */
export function clientIp(request: Request): string | null {
  const own = request.headers.get(CLIENT_IP_HEADER);
  const forwarded = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  const ip = own ?? forwarded ?? "";
  return isIP(ip) ? ip : null;
}
