/**
 * What tells browsers how little a page may do. Every page has a nonce of its own: only scripts that carry it run, and what
 * those load. Next.js finds it in the request's policy and puts it on its scripts by itself.
 */

/** The request header in which a page finds its nonce, for a script of its own. Set by proxy.ts, whatever a client sends. */
export const NONCE_HEADER = "x-nonce";

/** What every answer carries, a page's or the API's. */
export const ANSWER_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "strict-origin-when-cross-origin",
};

export type PagePolicy = {
  nonce: string;
  /** React's development build evaluates code. */
  development: boolean;
  /** Origins that may show the page in a frame; none: nobody may. */
  frameOrigins?: readonly string[];
  /** No inline style but those with the nonce: for a page without components that write `style` attributes. */
  strictStyles?: boolean;
};

/** The Content-Security-Policy of a page. Nothing is ever loaded from anybody else. */
export function contentSecurityPolicy({ nonce, development, frameOrigins = [], strictStyles }: PagePolicy): string {
  const origins = frameOrigins.filter(isOrigin);
  return [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${strictStyles ? `'nonce-${nonce}'` : "'unsafe-inline'"}`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${origins.length > 0 ? origins.join(" ") : "'none'"}`,
  ].join("; ");
}

/** The headers of a page. X-Frame-Options knows no list of origins, so a page that may be framed goes without. */
export function pageHeaders(policy: PagePolicy): Record<string, string> {
  const framed = (policy.frameOrigins ?? []).some(isOrigin);
  return {
    "Content-Security-Policy": contentSecurityPolicy(policy),
    ...(framed ? {} : { "X-Frame-Options": "DENY" }),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  };
}

/** An origin as it may stand in a policy: whatever else is stored cannot add a directive of its own. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/i.test(text);
}
