import { type NextRequest, NextResponse } from "next/server";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { isWellFormedPath, pageSegmentOf, payRewrite } from "@/lib/pay/paths";
import { payErrorResponse } from "@/lib/pay/responses";
import { payPageExists } from "@/lib/pay/service";

/**
 * Gives the pay host its short addresses, and addresses that lead nowhere a clean answer: Next.js would answer 500 to a
 * malformed one, and render a page's own "not found" in the browser only, which shows nothing without JavaScript.
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
  if (!path.startsWith("/pay/")) return wellFormed ? NextResponse.next() : rewrite(request, NOT_FOUND);
  if (!wellFormed && /\/status\/*$/.test(path)) {
    return payErrorResponse(new AppError("not_found", "No invoice has this reference"));
  }
  const segment = pageSegmentOf(path);
  const found = wellFormed && (segment === null || (await payPageExists(segment)));
  const response = !found ? rewrite(request, NOT_FOUND) : target ? rewrite(request, target) : NextResponse.next();
  response.headers.set("x-robots-tag", "noindex, nofollow");
  return response;
}

/** Next.js's name of the page in app/not-found.tsx; it answers 404. */
const NOT_FOUND = "/_not-found";

function rewrite(request: NextRequest, pathname: string): NextResponse {
  const url = request.nextUrl.clone();
  url.pathname = pathname;
  return NextResponse.rewrite(url);
}

export const config = {
  // Pages only; of the API just the paths with a percent sign, to catch the malformed ones.
  matcher: ["/((?!api/|_next/|icon\\.svg$|favicon\\.ico$|robots\\.txt$).*)", "/api/(.*%.*)"],
};
