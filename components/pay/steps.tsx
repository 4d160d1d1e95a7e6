import { useTranslations } from "next-intl";
import { CheckIcon } from "@/components/ui/icons";
import type { PayView } from "@/lib/pay/view";

type Step = { label: string; note?: string };

/** The four steps of a payment, and which one it stands at. */
export function Steps({ view }: { view: PayView }) {
  const t = useTranslations("steps");
  const { payment, state } = view;
  const done = state === "confirmed" ? 4 : state === "seen" ? 2 : 0;
  const required = payment?.requiredConfirmations ?? 0;
  const count = Math.min(payment?.confirmations ?? 0, required);
  const note = !payment
    ? undefined
    : count < required || state === "confirmed"
      ? t("count", { count, required })
      : t("final", { required });
  const steps: Step[] = [
    { label: done === 0 ? t("waiting") : t("sent") },
    { label: t("seen") },
    { label: t("confirming"), note },
    { label: t("paid") },
  ];
  return (
    <>
      <ol className="space-y-3 text-sm" aria-label={t("label")}>
        {steps.map((step, index) => (
          <li
            key={step.label}
            className="flex min-h-6 items-start gap-3"
            aria-current={index === done ? "step" : undefined}
          >
            <Mark state={index < done ? "done" : index === done ? "current" : "next"} />
            <span className={index === done ? "font-medium text-ink" : index < done ? "text-ink" : "text-muted"}>
              {step.label}
              {index < done && <span className="sr-only">: {t("done")}</span>}
              {step.note && <span className="font-normal text-muted"> · {step.note}</span>}
            </span>
          </li>
        ))}
      </ol>
      {state === "seen" && (
        <progress
          className="pay-progress mt-4"
          max={required}
          value={count}
          aria-label={t("count", { count, required })}
        />
      )}
    </>
  );
}

function Mark({ state }: { state: "done" | "current" | "next" }) {
  const shape = "mt-0.5 flex size-5 shrink-0 items-center justify-center rounded-full border";
  if (state === "done") {
    return (
      <span className={`${shape} border-green-line bg-green-fill text-green`}>
        <CheckIcon />
      </span>
    );
  }
  if (state === "current") {
    return (
      <span className={`${shape} border-amber bg-amber-fill`}>
        <span className="size-2 rounded-full bg-amber" />
      </span>
    );
  }
  return <span className={`${shape} border-line-strong`} />;
}
