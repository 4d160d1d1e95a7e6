import Head from "next/head";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { button } from "@/components/ui/button";
import { Message } from "@/components/ui/message";

/** What stands in an invoice's place where none can be shown. */
export function MissingPage() {
  const t = useTranslations();
  return (
    <Titled tab={t("tab.missing")} title={t("missing.title")}>
      <p>{t("missing.text")}</p>
      <p>{t("missing.next")}</p>
    </Titled>
  );
}

export function BusyPage({ seconds }: { seconds: number }) {
  const t = useTranslations();
  return (
    <Titled tab={t("tab.busy")} title={t("busy.title")}>
      <p>{t("busy.text", { seconds })}</p>
    </Titled>
  );
}

/** @param path the page's own, to try again. */
export function FailedPage({ path }: { path: string }) {
  const t = useTranslations();
  return (
    <>
      <Head>
        <title>{t("tab.failed")}</title>
      </Head>
      <Message
        title={t("failed.title")}
        action={
          <a className={button.primary} href={path}>
            {t("failed.retry")}
          </a>
        }
      >
        <p>{t("failed.text")}</p>
      </Message>
    </>
  );
}

function Titled({ tab, title, children }: { tab: string; title: string; children: ReactNode }) {
  return (
    <>
      <Head>
        <title>{tab}</title>
      </Head>
      <Message title={title}>{children}</Message>
    </>
  );
}
