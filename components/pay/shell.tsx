import Head from "next/head";
import { NextIntlClientProvider } from "next-intl";
import type { ReactNode } from "react";
import type { PayPageProps } from "@/lib/pay/page";
import { MESSAGES } from "@/messages";
import { CancelPage } from "./cancel-page";
import { BusyPage, FailedPage, MissingPage } from "./message-page";
import { PayPage } from "./pay-page";

/** A pay page of any kind, in the visitor's language and the merchant's colours. */
export function PayShell(props: PayPageProps) {
  const { locale, nonce } = props;
  const view = "view" in props ? props.view : null;
  return (
    // Digits as they stand in amounts and addresses, whatever the language.
    <NextIntlClientProvider locale={`${locale}-u-nu-latn`} messages={MESSAGES[locale]} timeZone="UTC">
      <Head>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="color-scheme" content="light dark" />
        <meta key="light" name="theme-color" media="(prefers-color-scheme: light)" content="#f7f7f8" />
        <meta key="dark" name="theme-color" media="(prefers-color-scheme: dark)" content="#0d0d0f" />
        {/* Phones would turn amounts and hashes into telephone links. */}
        <meta name="format-detection" content="telephone=no, email=no, address=no" />
        <link rel="icon" href={iconOf(props)} />
        {view?.accent && (
          <style nonce={nonce}>
            {`.pay{--accent:${view.accent.color};--accent-ink:${view.accent.ink}}.pay :focus-visible{outline-color:var(--ink)}`}
          </style>
        )}
      </Head>
      <div className="pay">{contentOf(props)}</div>
    </NextIntlClientProvider>
  );
}

function contentOf(props: PayPageProps): ReactNode {
  switch (props.kind) {
    case "invoice":
      return <PayPage view={props.view} path={props.path} locale={props.locale} nonce={props.nonce} />;
    case "cancel":
      return <CancelPage view={props.view} path={props.path} token={props.token} />;
    case "missing":
      return <MissingPage />;
    case "busy":
      return <BusyPage seconds={props.seconds} />;
    case "failed":
      return <FailedPage path={props.path} />;
  }
}

/** The merchant's logo; ours only where the page may show that it is ours. */
function iconOf(props: PayPageProps): string {
  if (!("view" in props)) return "data:,";
  const { logoVersion, whiteLabel } = props.view;
  if (logoVersion) return `${props.path}/logo?v=${logoVersion}`;
  return whiteLabel ? "data:," : "/icon.svg";
}
