import { useTranslations } from "next-intl";
import { WarningIcon } from "@/components/ui/icons";
import type { PayView } from "@/lib/pay/view";
import { Address } from "./address";
import { Amount } from "./amount";
import { CopyButton } from "./copy-button";
import { Section } from "./layout";
import { Qr } from "./qr";
import { Steps } from "./steps";
import { Time } from "./time";
import { Wallets } from "./wallets";

/** The one thing to do: exactly this amount, on this network, to this address. */
export function Waiting({ view }: { view: PayView }) {
  const t = useTranslations("waiting");
  return (
    <>
      <Section>
        <h2 className="text-sm text-muted">{t("amount")}</h2>
        <Amount value={view.amountUsdtExact} />
        {view.amountAsked && (
          <p className="mt-1 text-sm leading-5 text-muted">
            {t("adjusted", { asked: view.amountAsked, exact: view.amountUsdtExact })}
          </p>
        )}
        <div className="mt-3">
          <CopyButton id="copy-amount" text={view.amountUsdtExact} label={t("copyAmount")} copied={t("amountCopied")} />
        </div>
      </Section>
      <Section>
        <h2 className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-muted">
          {t("network")}
          <span className="rounded border border-line-strong bg-sunken px-2 py-0.5 font-medium text-ink">
            <bdi>{view.networkLabel}</bdi>
          </span>
        </h2>
        <div className="mt-2 flex gap-2 text-sm leading-5 text-amber">
          <span className="mt-0.5">
            <WarningIcon />
          </span>
          <div className="space-y-1">
            <p>{t("onlyNetwork", { network: view.networkLabel })}</p>
            <p>{t("exchangeFee")}</p>
          </div>
        </div>
      </Section>
      <Section>
        <h2 className="mb-3 text-sm text-muted">{t("address")}</h2>
        <Qr view={view} />
        <div className="mt-4">
          <Address value={view.address} />
        </div>
        <div className="mt-3">
          <CopyButton id="copy-address" text={view.address} label={t("copyAddress")} copied={t("addressCopied")} />
        </div>
      </Section>
      <Section>
        <Wallets view={view} />
      </Section>
      <Section>
        <TimeLeft view={view} />
        <div className="mt-4">
          <Steps view={view} />
        </div>
        <p className="mt-4 text-sm leading-5 text-muted">{t("live")}</p>
      </Section>
    </>
  );
}

/** Minutes, as the server counts them; with the page's script a clock that runs by the server's time, not by the visitor's. */
function TimeLeft({ view }: { view: PayView }) {
  const t = useTranslations("waiting");
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4">
      <p className="text-sm text-muted">
        {t("timeLeft")}{" "}
        <span
          role="timer"
          aria-live="off"
          className="ms-1 inline-block min-w-16 text-lg font-semibold text-ink"
          data-countdown=""
          data-five={t("fiveMinutes")}
          data-one={t("oneMinute")}
        >
          {t("minutesLeft", { minutes: Math.ceil(view.secondsLeft / 60) })}
        </span>
      </p>
      <p className="text-sm text-muted">
        {t.rich("payBy", { time: () => <Time value={view.expiresAt} withDate={false} /> })}
      </p>
    </div>
  );
}
