import Head from "next/head";
import { useTranslations } from "next-intl";
import { button } from "@/components/ui/button";
import type { PayView } from "@/lib/pay/view";
import { Facts } from "./facts";
import { Card, Section } from "./layout";

/** Asks before it cancels. Opening it changes nothing; only its form does, with the token that came in the link. */
export function CancelPage({ view, path, token }: { view: PayView; path: string; token: string | null }) {
  const t = useTranslations();
  const open = view.state === "waiting" || view.state === "overdue";
  const [title, text] = token
    ? [t("cancel.title"), t("cancel.text")]
    : open
      ? [t("cancel.notAllowed"), t("cancel.notAllowedText")]
      : [t("cancel.closed"), t("cancel.closedText")];
  return (
    <>
      <Head>
        <title>{`${t("tab.cancel")} · ${view.amountUsdtExact} USDT · ${view.merchantName}`}</title>
      </Head>
      <main className="mx-auto w-full max-w-110 px-4 py-6 sm:py-10">
        <p className="mb-5 px-1 text-sm text-muted wrap-anywhere">
          <bdi>{view.merchantName}</bdi>
        </p>
        <Card>
          <Section>
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            <p className="mt-3 text-sm leading-5 text-muted">{text}</p>
          </Section>
          <Facts view={view} />
          <Section>
            {token ? (
              <form method="post" action={`${path}/cancel`} className="grid gap-2 sm:grid-cols-2">
                <input type="hidden" name="token" value={token} />
                <button type="submit" className={`${button.primary} sm:order-2`}>
                  {t("cancel.confirm")}
                </button>
                <a className={button.secondary} href={path}>
                  {t("cancel.keep")}
                </a>
              </form>
            ) : (
              <a className={`${button.secondary} w-full`} href={path}>
                {t("cancel.back")}
              </a>
            )}
          </Section>
        </Card>
      </main>
    </>
  );
}
