import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { isWellFormedPath, PAY_PAGE_HEADER, payPagePath, payRewrite } from "@/lib/pay/paths";
import { payErrorResponse } from "@/lib/pay/responses";
import { contentSecurityPolicy, NONCE_HEADER, pageHeaders } from "@/lib/security-headers";

/**
 * Gives every page its nonce and its security headers, the pay host its short addresses, and malformed addresses a clean answer:
 * Next.js would answer 500.
 */
export async function proxy(request: NextRequest): Promise<Response> {
  const { pathname } = request.nextUrl;
  const wellFormed = isWellFormedPath(pathname);
  if (pathname.startsWith("/api/")) {
    if (wellFormed) return NextResponse.next();
    return payErrorResponse(new AppError("invalid_request", "The path is not percent-encoded correctly: % is %25"));
  }
  // Next.js sets x-forwarded-host from Host where no reverse proxy did.
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? "";
  const target = payRewrite(host, pathname, env());
  const path = target ?? pathname;
  if (!path.startsWith("/pay/")) return page(request, wellFormed ? null : NOT_FOUND);
  if (!wellFormed && /\/status\/*$/.test(path)) {
    return payErrorResponse(new AppError("not_found", "No invoice has this reference"));
  }
  const response = page(request, wellFormed ? target : NOT_FOUND, payPagePath(pathname, path));
  response.headers.set("x-robots-tag", "noindex, nofollow");
  return response;
}

/** Next.js's name of the page in app/not-found.tsx; it answers 404. */
const NOT_FOUND = "/_not-found";

/**
 * Lets the request through, or leads it elsewhere in the app, with a nonce: Next.js finds it in the request's policy, a page in
 * the header of its own. Pages are rendered for each request (app/layout.tsx sees to it): one made in advance has no nonce.
 */
function page(request: NextRequest, pathname: string | null, payPage?: string): NextResponse {
  const policy = { nonce: randomBytes(16).toString("base64"), development: env().development };
  const headers = new Headers(request.headers);
  headers.set(NONCE_HEADER, policy.nonce);
  if (payPage !== undefined) headers.set(PAY_PAGE_HEADER, payPage);
  headers.set("content-security-policy", contentSecurityPolicy(policy));
  const url = request.nextUrl.clone();
  if (pathname !== null) url.pathname = pathname;
  const init = { request: { headers } };
  const response = pathname === null ? NextResponse.next(init) : NextResponse.rewrite(url, init);
  for (const [name, value] of Object.entries(pageHeaders(policy))) response.headers.set(name, value);
  return response;
}

export const config = {
  // Pages only; of the API just the paths with a percent sign, to catch the malformed ones.
  matcher: ["/((?!api/|_next/|icon\\.svg$|favicon\\.ico$|robots\\.txt$).*)", "/api/(.*%.*)"],
};
