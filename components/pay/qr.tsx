import { useTranslations } from "next-intl";
import { QRCodeSVG } from "qrcode.react";
import type { PayView } from "@/lib/pay/view";

/**
 * The bare address, which every wallet reads; on EVM networks the whole request (ERC-681) as a choice. Two radio buttons and a rule
 * of CSS: it works without the page's script. White in both themes: many scanners fail on light modules over dark.
 */
export function Qr({ view }: { view: PayView }) {
  const t = useTranslations("waiting");
  const { address, paymentUri } = view;
  const code = "rounded border border-line";
  const choice =
    "flex min-h-9 cursor-pointer items-center justify-center rounded px-3 text-center text-sm text-muted has-checked:bg-surface has-checked:font-medium has-checked:text-ink has-checked:ring-1 has-checked:ring-line-strong has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent";
  return (
    <div className="group/qr">
      {paymentUri && (
        <fieldset className="grid grid-cols-2 gap-1 rounded bg-sunken p-1">
          <legend className="sr-only">{t("qrLabel")}</legend>
          <label className={choice}>
            <input type="radio" name="qr" value="address" id="qr-address" className="sr-only" defaultChecked />
            {t("qrAddress")}
          </label>
          <label className={choice}>
            <input type="radio" name="qr" value="request" id="qr-request" className="sr-only" />
            {t("qrRequest")}
          </label>
        </fieldset>
      )}
      <div className="mt-4 grid justify-center group-has-[#qr-request:checked]/qr:hidden">
        <QRCodeSVG
          value={address}
          size={200}
          marginSize={4}
          level="M"
          title={t("qrAddressTitle", { address })}
          className={code}
        />
      </div>
      {paymentUri && (
        <div className="mt-4 hidden justify-center gap-3 group-has-[#qr-request:checked]/qr:grid">
          <QRCodeSVG
            value={paymentUri}
            size={200}
            marginSize={4}
            level="L"
            title={t("qrRequestTitle", { address })}
            className={`${code} justify-self-center`}
          />
          <p className="text-center text-sm leading-5 text-muted">{t("qrRequestHint")}</p>
        </div>
      )}
    </div>
  );
}
