import { useTranslations } from "next-intl";
import type { PayView } from "@/lib/pay/view";

const WHILE_PENDING = ["exact", "underpaid", "overpaid", "late", "duplicate", "reorged", "expire"] as const;
const AFTER_EXPIRY = ["late"] as const;

/** Says that this is a test, and lets an integrator see every state: a plain form, one button a scenario. */
export function TestBand({ view, path }: { view: PayView; path: string }) {
  const t = useTranslations("test");
  // While a payment is being confirmed, another one would only be a second one.
  const scenarios = view.payment
    ? []
    : view.status === "pending"
      ? WHILE_PENDING
      : view.status === "expired"
        ? AFTER_EXPIRY
        : [];
  return (
    <header className="border-b border-amber-line bg-amber-fill px-4 py-2 text-sm text-amber">
      <p className="text-center font-medium">{t("band")}</p>
      {scenarios.length > 0 && (
        <form
          method="post"
          action={`${path}/sandbox`}
          className="mx-auto mt-2 flex max-w-3xl flex-wrap items-center justify-center gap-1.5"
        >
          <span className="me-1">{t("simulate")}</span>
          {scenarios.map((scenario) => (
            <button
              key={scenario}
              type="submit"
              name="scenario"
              value={scenario}
              id={`scenario-${scenario}`}
              className="min-h-8 cursor-pointer rounded border border-amber-line bg-surface px-2.5 text-ink hover:border-current"
            >
              {t(scenario)}
            </button>
          ))}
        </form>
      )}
    </header>
  );
}
