import Head from "next/head";
import { useTranslations } from "next-intl";
import type { Locale } from "@/lib/pay/locale";
import type { PayView } from "@/lib/pay/view";
import { LanguageMenu } from "./language-menu";
import { Card } from "./layout";
import { Notices } from "./notices";
import { Closed, Confirmed, Overdue, Seen } from "./outcome";
import { PAY_SCRIPT } from "./script";
import { TestBand } from "./test-band";
import { Waiting } from "./waiting";

/**
 * The pay page: what to send and where while there is something to send, else what happened. All of it is made on the server; when the
 * state changes, the page's script fetches it anew and puts the new `#pay` in the old one's place.
 */
export function PayPage({ view, path, locale, nonce }: { view: PayView; path: string; locale: Locale; nonce: string }) {
  const t = useTranslations();
  const name = t("header.invoice", { reference: view.reference });
  return (
    <>
      <Head>
        <title>{useTabTitle(view)}</title>
        {/* Without JavaScript the page lives all the same. */}
        {!view.isFinal && (
          <noscript>
            <meta httpEquiv="refresh" content="20" />
          </noscript>
        )}
      </Head>
      <div
        id="pay"
        data-version={view.version}
        data-state={view.state}
        data-final={view.isFinal || undefined}
        data-expires-at={view.expiresAt}
        data-seconds-left={view.state === "waiting" ? view.secondsLeft : undefined}
        data-said={useAnnouncement(view)}
      >
        {view.isTest && <TestBand view={view} path={path} />}
        <main className="mx-auto w-full max-w-110 px-4 pt-6 sm:pt-10">
          <header className="mb-5 flex items-start gap-3 px-1">
            {view.logoVersion && (
              // biome-ignore lint/performance/noImgElement: the merchant's own picture, served as it is.
              <img
                src={`${path}/logo?v=${view.logoVersion}`}
                alt=""
                width={44}
                height={44}
                className="size-11 shrink-0 rounded border border-line bg-white object-contain"
              />
            )}
            <div className="min-w-0">
              <p className="text-sm text-muted wrap-anywhere">
                <bdi>{view.merchantName}</bdi>
              </p>
              <h1 className="mt-0.5 text-lg leading-6 font-semibold wrap-anywhere">
                <bdi>{view.title ?? name}</bdi>
              </h1>
              {view.description && (
                <p className="mt-1 text-sm leading-5 whitespace-pre-line text-muted wrap-anywhere" dir="auto">
                  {view.description}
                </p>
              )}
            </div>
          </header>
          <Card>
            <Notices view={view} />
            <Body view={view} />
          </Card>
        </main>
      </div>
      <footer className="mx-auto w-full max-w-110 px-5 pb-8">
        {!view.whiteLabel && (
          <p className="mt-5 text-center text-sm leading-5 text-muted">
            {t("page.about", { merchant: view.merchantName })}
          </p>
        )}
        <LanguageMenu locale={locale} path={path} />
      </footer>
      <p id="pay-said" role="status" className="sr-only" />
      <p
        id="pay-offline"
        hidden
        role="status"
        className="fixed inset-x-0 bottom-0 border-t border-amber-line bg-amber-fill px-4 py-3 text-center text-sm text-amber"
      >
        {t("page.offline")}
      </p>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: our own script, without a word of anybody else's. */}
      <script nonce={nonce} dangerouslySetInnerHTML={{ __html: PAY_SCRIPT }} />
    </>
  );
}

function Body({ view }: { view: PayView }) {
  switch (view.state) {
    case "waiting":
      return <Waiting view={view} />;
    case "overdue":
      return <Overdue view={view} />;
    case "seen":
      return <Seen view={view} />;
    case "confirmed":
      return <Confirmed view={view} />;
    default:
      return <Closed view={view} state={view.state} />;
  }
}

/** `Confirming 3/12 · 150.0000 USDT · Shop`: a glance at the tab tells how it stands. */
function useTabTitle(view: PayView): string {
  const t = useTranslations("tab");
  const required = view.payment?.requiredConfirmations ?? 0;
  const count = Math.min(view.payment?.confirmations ?? 0, required);
  const state = view.state === "seen" ? t("seen", { count, required }) : t(view.state);
  return `${state} · ${view.amountUsdtExact} USDT · ${view.merchantName}`;
}

/** What a screen reader hears when the state changes: the heading of what is new, not every confirmation. */
function useAnnouncement(view: PayView): string {
  const t = useTranslations();
  const [notice] = view.notices;
  const said = notice
    ? notice.reason === "orphaned"
      ? t("notice.orphaned")
      : t(`notice.${notice.reason}`, { amount: notice.amountUsdt, exact: view.amountUsdtExact })
    : "";
  const state = view.state === "waiting" ? t("steps.waiting") : t(`${view.state}.title`);
  return said ? `${said}. ${state}` : state;
}
