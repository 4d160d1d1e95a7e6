import type { IncomingMessage, ServerResponse } from "node:http";
import { clientIp } from "@/lib/api/client-ip";
import { env } from "@/lib/env";
import { log } from "@/lib/log";
import { NONCE_HEADER, pageHeaders } from "@/lib/security-headers";
import { cancelFromPage, mayCancel } from "./cancel";
import { readForm } from "./form";
import { chooseLocale, LOCALE_COOKIE, type Locale, localeOf } from "./locale";
import { decodePayPath, PAY_PAGE_HEADER } from "./paths";
import { getPayInvoice, noteOpening, payError, payViewOf } from "./service";
import type { PayView } from "./view";

/** What a pay page is rendered from, as JSON. `path` is its own, to build links from. */
export type PayPageProps = { locale: Locale; nonce: string; path: string } & (
  | { kind: "invoice"; view: PayView }
  /** `token` null: this link cannot cancel it. */
  | { kind: "cancel"; view: PayView; token: string | null; refused: boolean }
  | { kind: "missing" }
  | { kind: "busy"; seconds: number }
  | { kind: "failed" }
);

type Request = IncomingMessage & { cookies: Partial<Record<string, string>> };
type Query = Record<string, string | string[] | undefined>;
const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** Answers `GET …/{reference}`: sets status and headers, and gives what to show. */
export function openPayPage(request: Request, response: ServerResponse, query: Query): Promise<PayPageProps> {
  return serve(request, response, query, async (invoice) => {
    if (isVisit(request)) noteOpening(invoice);
    return { kind: "invoice", view: await payViewOf(invoice) };
  });
}

/**
 * Answers `…/{reference}/cancel`: GET asks and changes nothing, POST with the token does it.
 * @returns what to show, or where to go: back to the page, which then says that it is cancelled.
 */
export async function openCancelPage(
  request: Request,
  response: ServerResponse,
  query: Query,
): Promise<PayPageProps | { redirectTo: string }> {
  let done = false;
  const props = await serve(request, response, query, async (invoice) => {
    const posted = request.method === "POST";
    const token =
      (posted ? (await readForm({ headers: webHeaders(request), body: request })).get("token") : text(query.token)) ??
      "";
    if (posted) done = await cancelFromPage(invoice, token);
    const allowed = mayCancel(invoice, token);
    if (!done && !allowed) response.statusCode = invoice.status === "pending" && !invoice.payment ? 403 : 409;
    return { kind: "cancel", view: await payViewOf(invoice), token: allowed ? token : null, refused: posted && !done };
  });
  return done ? { redirectTo: props.path } : props;
}

async function serve(
  request: Request,
  response: ServerResponse,
  query: Query,
  find: (invoice: Awaited<ReturnType<typeof getPayInvoice>>) => Promise<Content>,
): Promise<PayPageProps> {
  const path = text(request.headers[PAY_PAGE_HEADER]) ?? "/";
  const nonce = text(request.headers[NONCE_HEADER]) ?? "";
  const asked = localeOf(text(query.lang));
  const locale = chooseLocale([asked ?? undefined, request.cookies[LOCALE_COOKIE]], request.headers["accept-language"]);
  let frameOrigins: readonly string[] = [];
  let content: Content;
  try {
    const invoice = await getPayInvoice(
      decodePayPath(path.split("/").at(-1) ?? ""),
      clientIp({ headers: webHeaders(request) }),
    );
    frameOrigins = invoice.merchant.frameOrigins;
    content = await find(invoice);
  } catch (error) {
    const known = payError(error);
    if (known.code === "internal" || known.code === "unavailable") log.error({ err: error }, "a pay page failed");
    response.statusCode = known.statusCode;
    const seconds = Number(known.extra.headers?.["retry-after"] ?? 0);
    if (seconds > 0) response.setHeader("Retry-After", String(seconds));
    if (known.code === "not_found") content = { kind: "missing" };
    else content = known.code === "rate_limited" ? { kind: "busy", seconds } : { kind: "failed" };
  }
  const { development } = env();
  const headers = pageHeaders({ nonce, development, frameOrigins, strictStyles: !development });
  // The proxy did not know yet who may frame it.
  response.removeHeader("X-Frame-Options");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader("X-Robots-Tag", "noindex, nofollow");
  response.setHeader("Cache-Control", "private, no-store");
  response.setHeader("Vary", "Accept-Language, Cookie");
  // A page's address is what lets people look: links out of it must not carry it along.
  response.setHeader("Referrer-Policy", "no-referrer");
  if (asked) response.setHeader("Set-Cookie", `${LOCALE_COOKIE}=${asked}; Path=/; Max-Age=31536000; SameSite=Lax`);
  return { locale, nonce, path, ...content };
}

/** What of the props depends on the invoice. */
type Content = OmitEach<PayPageProps, "locale" | "nonce" | "path">;
type OmitEach<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Node's headers as the web's, for code that reads either. */
const webHeaders = ({ headers }: Request) => ({ get: (name: string) => text(headers[name]) ?? null });

/** Programs that fetch a link to show a preview of it. */
const ROBOTS = /bot\b|bot\/|crawl|spider|preview|facebookexternalhit|whatsapp|telegram|slack|discord|headless-fetch/i;

/** Whether a person opens the page: not a program's look at a link, not the page's own refreshing, not a browser's guess. */
function isVisit({ method, headers }: Request): boolean {
  if (method !== "GET" || headers["x-pay-refresh"] !== undefined) return false;
  if (/prefetch/i.test(`${headers["sec-purpose"] ?? ""} ${headers.purpose ?? ""}`)) return false;
  return !ROBOTS.test(headers["user-agent"] ?? "");
}
