import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import type { PayView } from "@/lib/pay/view";
import { CopyButton } from "./copy-button";
import { Ltr, Section } from "./layout";
import { Time } from "./time";

/** The receipt, or what one needs to ask about an invoice that was not paid. No address: there is nothing to send. */
export function Facts({ view }: { view: PayView }) {
  const t = useTranslations("facts");
  const facts: [string, ReactNode][] = [
    [t("amount"), <Ltr key="amount">{view.amountUsdtExact} USDT</Ltr>],
    [t("network"), <bdi key="network">{view.networkLabel}</bdi>],
    [t("reference"), <Ltr key="reference">{view.reference}</Ltr>],
  ];
  if (view.amountPaid) facts.splice(1, 0, [t("received"), <Ltr key="received">{view.amountPaid} USDT</Ltr>]);
  if (view.paidAt) facts.push([t("paid"), <Time key="paid" value={view.paidAt} />]);
  else if (view.closedAt)
    facts.push([t(view.state === "cancelled" ? "cancelled" : "expired"), <Time key="closed" value={view.closedAt} />]);
  return (
    <Section>
      <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-2 text-sm leading-5">
        {facts.map(([name, value]) => (
          <div key={name} className="col-span-2 grid grid-cols-subgrid">
            <dt className="text-muted">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
        {view.payment && (
          <div className="col-span-2">
            <dt className="text-muted">{t("transaction")}</dt>
            <dd className="mt-1">
              <TxHash hash={view.payment.txHash} url={view.explorerUrl} id="payment" />
            </dd>
          </div>
        )}
      </dl>
    </Section>
  );
}

/** A whole transaction hash, linked to its network's explorer where there is one, with a button to copy it. */
export function TxHash({ hash, url, id }: { hash: string; url: string | null; id: string }) {
  const t = useTranslations("facts");
  const code = (
    <code dir="ltr" className="font-mono text-[13px] leading-5 select-all wrap-anywhere">
      {hash}
    </code>
  );
  return (
    <>
      {url ? (
        <a
          className="text-ink underline decoration-line-strong underline-offset-4 hover:decoration-current"
          href={url}
          target="_blank"
          rel="noopener noreferrer"
          id={`${id}-explorer`}
        >
          {code}
          <span className="sr-only">: {t("explorer")}</span>
        </a>
      ) : (
        code
      )}
      <div className="mt-2">
        <CopyButton id={`${id}-copy`} text={hash} label={t("copyHash")} copied={t("hashCopied")} />
      </div>
    </>
  );
}
