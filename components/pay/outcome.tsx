import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { button } from "@/components/ui/button";
import { CheckIcon } from "@/components/ui/icons";
import type { PayView } from "@/lib/pay/view";
import { Facts } from "./facts";
import { Section } from "./layout";
import { Steps } from "./steps";
import { Time } from "./time";

/** What happened, and what happens next: every state but the one in which there is something to send. */
export function Overdue({ view }: { view: PayView }) {
  const t = useTranslations("overdue");
  return (
    <>
      <Outcome tone="amber" title={t("title")}>
        <p className="font-medium text-ink">{t("stop")}</p>
        <p>
          {t.rich("reading", {
            amount: view.amountUsdtExact,
            time: () => <Time value={view.expiresAt} withDate={false} />,
          })}
        </p>
      </Outcome>
      <Facts view={view} />
    </>
  );
}

export function Seen({ view }: { view: PayView }) {
  const t = useTranslations("seen");
  return (
    <>
      <Outcome tone="amber" title={t("title")}>
        <p>{t("nothingToDo", { minutes: view.minutesToConfirm })}</p>
        {view.afterTime && <p>{t("inTime")}</p>}
      </Outcome>
      <Section>
        <Steps view={view} />
      </Section>
      <Facts view={view} />
    </>
  );
}

export function Confirmed({ view }: { view: PayView }) {
  const t = useTranslations("confirmed");
  const merchant = view.merchantName;
  return (
    <>
      <Outcome tone="green" title={t("title")}>
        <p>{t(view.acceptedByHand ? "acceptedByHand" : "text", { merchant })}</p>
      </Outcome>
      <Facts view={view} />
      {view.returnUrl && (
        <Section>
          {/* Out of a shop's frame, if it stands in one. */}
          <a
            id="return"
            className={`${button.primary} w-full text-center`}
            href={view.returnUrl}
            rel="noopener"
            target="_top"
          >
            {t("return", { merchant })}
          </a>
          {view.returnsByItself && <ReturnsByItself />}
        </Section>
      )}
    </>
  );
}

/** Without the page's script there is only the button. The row keeps its room when it is stopped. */
function ReturnsByItself() {
  const t = useTranslations("confirmed");
  const seconds = 8;
  return (
    <div className="needs-script mt-3 grid min-h-11 text-sm text-muted" data-return={seconds}>
      <p
        className="col-start-1 row-start-1 flex flex-wrap items-center justify-between gap-x-4"
        data-return-counting=""
      >
        <span>{t.rich("returning", { seconds: () => <span data-return-seconds="">{seconds}</span> })}</span>
        <button
          type="button"
          id="stay"
          className="min-h-11 cursor-pointer px-2 font-medium text-ink underline underline-offset-4"
        >
          {t("stay")}
        </button>
      </p>
      <p className="invisible col-start-1 row-start-1 flex items-center" data-return-stopped="">
        {t("staying")}
      </p>
    </div>
  );
}

export function Closed({ view, state }: { view: PayView; state: "expired" | "cancelled" }) {
  const t = useTranslations(state);
  return (
    <>
      <Outcome tone="grey" title={t("title")}>
        <p>{t("text")}</p>
        <p>{t("next", { merchant: view.merchantName })}</p>
      </Outcome>
      <Facts view={view} />
    </>
  );
}

const TONE = {
  amber: "border-amber-line bg-amber-fill text-amber",
  green: "border-green-line bg-green-fill text-green",
  grey: "border-line-strong bg-sunken text-muted",
};

function Outcome({ tone, title, children }: { tone: keyof typeof TONE; title: string; children: ReactNode }) {
  return (
    <Section>
      <h2 className="flex items-center gap-3 text-2xl font-semibold tracking-tight">
        <span className={`flex size-8 shrink-0 items-center justify-center rounded-full border ${TONE[tone]}`}>
          {tone === "green" ? (
            <CheckIcon />
          ) : tone === "amber" ? (
            <span className="size-2 rounded-full bg-current" />
          ) : (
            <span className="h-0.5 w-3 bg-current" />
          )}
        </span>
        {title}
      </h2>
      <div className="mt-3 space-y-2 text-sm leading-5 text-muted">{children}</div>
    </Section>
  );
}
