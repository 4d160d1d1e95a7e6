import { useTranslations } from "next-intl";
import { button } from "@/components/ui/button";
import type { PayView } from "@/lib/pay/view";

const NAMES = { metamask: "MetaMask", trust: "Trust Wallet", tronlink: "TronLink" };

/** Links that open common wallets. Nothing is asked of anybody before one is clicked. */
export function Wallets({ view }: { view: PayView }) {
  const t = useTranslations("waiting");
  const links = view.walletLinks;
  if (links.length === 0) return null;
  return (
    <>
      <h2 className="text-sm text-muted">{t("wallets")}</h2>
      <ul className="mt-2 grid grid-cols-2 gap-2">
        {links.map(({ wallet, url, fills }) => (
          <li key={wallet}>
            <a
              className={`${button.secondary} w-full flex-col gap-0! py-1 leading-5`}
              href={url}
              rel="noopener noreferrer"
            >
              {NAMES[wallet]}
              {!fills && <span className="text-xs font-normal text-muted">{t("walletOpens")}</span>}
            </a>
          </li>
        ))}
      </ul>
      <p className="mt-2 text-sm leading-5 text-muted">
        {t("walletsHint")} {links.some(({ fills }) => !fills) && t("walletsHintOpen")}
      </p>
    </>
  );
}
