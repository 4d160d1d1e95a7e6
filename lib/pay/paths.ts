/**
 * The addresses of pay pages: how a pay path (an invoice's reference, or that with a suffix) stands in a URL, and back.
 * A pay path may hold any printable ASCII, slashes and percent signs included, so it is always one encoded segment.
 */

/** What `invoices.pay_path` may hold. Anything else leads nowhere, and PostgreSQL would refuse a NUL byte in a query. */
const PAY_PATH = /^[\x20-\x7e]{1,200}$/;

/** What the pay host serves besides pay pages. As an invoice's path it is told apart by an encoding nobody needs. */
const RESERVED = /^(api|_next|icon\.svg|favicon\.ico|robots\.txt)$/;

/** Writes a pay path as one URL segment: what stands after the pay base URL in `paymentUrl`. */
export function encodePayPath(payPath: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  if (RESERVED.test(payPath)) return hex(payPath.charAt(0)) + payPath.slice(1);
  // Next.js takes the ending `.rsc` off every path and answers with its own format; encoded it is left alone.
  return encodeURIComponent(payPath).replace(/\.rsc$/, `${hex(".")}rsc`);
}

/** Reads a URL segment; null where it is malformed or can be no pay path. */
export function decodePayPath(segment: string): string | null {
  const decoded = decode(segment);
  return decoded !== null && PAY_PATH.test(decoded) ? decoded : null;
}

/** The pay path of a request to `…/{payPath}/status` (or another resource beside it), whatever stands before it. */
export function payPathOf(url: string): string | null {
  const segments = withoutEnd(new URL(url).pathname).split("/");
  return decodePayPath(segments.at(-2) ?? "");
}

/** The request header in which proxy.ts tells a pay page its own public path: `/pay/ORDER-1`, or `/ORDER-1` on the pay host. */
export const PAY_PAGE_HEADER = "x-pay-page";

/**
 * The public path of the pay page that a request is for, without a slash at its end: what its links are built from.
 * @param pathname as it was asked for.
 * @param inside where it leads inside the app: `/pay/{reference}` and what stands beside it.
 */
export function payPagePath(pathname: string, inside: string): string {
  const [, , , ...beside] = withoutEnd(inside).split("/");
  // Two slashes at the beginning would lead to another host.
  const path = withoutEnd(pathname).replace(/^\/+/, "/");
  return beside.length === 0 ? path : path.slice(0, -(beside.join("/").length + 1));
}

/** Whether every percent sign of a path starts a byte of well-formed UTF-8. */
export function isWellFormedPath(pathname: string): boolean {
  return decode(pathname) !== null;
}

/**
 * Where a request on the pay host leads inside the app: `/{reference}…` → `/pay/{reference}…`, still encoded.
 * Null where nothing is to be rewritten: another host, or a PAY_URL that leads to `/pay` by itself.
 * @param host the request's Host header.
 */
export function payRewrite(host: string, pathname: string, urls: { appUrl: string; payUrl: string }): string | null {
  const pay = new URL(urls.payUrl);
  const app = new URL(urls.appUrl);
  const base = withoutEnd(pay.pathname);
  // On the app's own host only a path of its own tells pay pages from the rest.
  if (base === "/pay" || (base === "" && pay.host === app.host)) return null;
  if (normalHost(host, pay.protocol) !== pay.host) return null;
  if (!pathname.startsWith(`${base}/`)) return null;
  return `/pay${pathname.slice(base.length)}`;
}

/** A Host header as a URL of this scheme prints it: lower case, the default port left out. */
function normalHost(host: string, protocol: string): string {
  const url = `${protocol}//${host}`;
  return !/[/\\?#@]/.test(host) && URL.canParse(url) ? new URL(url).host : "";
}

/**
 * A path without the slashes at its end. A regular expression would begin anew at every slash: half a second for the longest
 * address that is nothing else.
 */
function withoutEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
