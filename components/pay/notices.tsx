import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { WarningIcon } from "@/components/ui/icons";
import type { PayNotice, PayView } from "@/lib/pay/view";
import { TxHash } from "./facts";
import { Section } from "./layout";

/** Transfers that came and do not pay this invoice: what each is, and what happens next. */
export function Notices({ view }: { view: PayView }) {
  return view.notices.map((notice, index) => (
    <Section key={notice.reason === "orphaned" ? "orphaned" : notice.txHash}>
      <Notice notice={notice} view={view} id={`notice-${index}`} />
    </Section>
  ));
}

function Notice({ notice, view, id }: { notice: PayNotice; view: PayView; id: string }) {
  const t = useTranslations("notice");
  if (notice.reason === "orphaned") {
    return (
      <Warning title={t("orphaned")}>
        <p>{t("orphanedText")}</p>
      </Warning>
    );
  }
  const { reason, amountUsdt: amount } = notice;
  const values = { amount, exact: view.amountUsdtExact };
  return (
    <Warning title={t(reason, values)}>
      <p>{t(`${reason}Text`, values)}</p>
      <p>{t("next", { merchant: view.merchantName })}</p>
      <div className="pt-1">
        <TxHash hash={notice.txHash} url={notice.explorerUrl} id={id} />
      </div>
    </Warning>
  );
}

function Warning({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <h2 className="flex gap-2 font-semibold text-amber">
        <span className="mt-1">
          <WarningIcon />
        </span>
        {title}
      </h2>
      <div className="mt-2 space-y-2 text-sm leading-5 text-muted">{children}</div>
    </>
  );
}
