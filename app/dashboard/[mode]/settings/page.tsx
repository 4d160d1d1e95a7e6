import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { PageHeader } from "@/components/dashboard/page-header";
import { BusinessForm } from "@/components/dashboard/settings/business-form";
import { InvoiceDefaultsForm } from "@/components/dashboard/settings/invoice-defaults-form";
import { LogoForm } from "@/components/dashboard/settings/logo-form";
import { PasswordForm } from "@/components/dashboard/settings/password-form";
import { PayPageForm } from "@/components/dashboard/settings/pay-page-form";
import { SettingsTabs } from "@/components/dashboard/settings/settings-tabs";
import { Card } from "@/components/ui/card";
import { formatAmount } from "@/lib/money";
import { logoDataUrl } from "@/lib/settings/service";
import {
  changeBusiness,
  changeInvoiceDefaults,
  changeLogo,
  changePassword,
  changePayPage,
  removeLogo,
} from "./actions";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant, user, mode } = await requireSession(params);
  const logo = await logoDataUrl(merchant.id);
  // UTC is a zone, though lists of places leave it out.
  const timeZones = [...new Set(["UTC", merchant.timeZone, ...Intl.supportedValuesOf("timeZone")])];
  return (
    <>
      <PageHeader title="Settings" description="They are the same in test and live mode." />
      <SettingsTabs mode={mode} active="general" />
      <div className="mt-6 flex max-w-2xl flex-col gap-6">
        <Card title="Business">
          <BusinessForm
            timeZones={timeZones}
            values={{ name: merchant.name, timeZone: merchant.timeZone }}
            action={changeBusiness}
          />
        </Card>
        <Card title="Invoices" description="For invoices made from now on.">
          <InvoiceDefaultsForm
            values={{
              adjustmentLimitUsdt: formatAmount(merchant.adjustmentLimit),
              expiryMinutes: Math.round(merchant.defaultExpirySeconds / 60),
            }}
            action={changeInvoiceDefaults}
          />
        </Card>
        <Card title="Pay page" description="What customers see when they pay.">
          <LogoForm logo={logo} changeLogo={changeLogo} removeLogo={removeLogo} />
          <PayPageForm
            merchantName={merchant.name}
            logo={logo}
            values={{ accentColor: merchant.accentColor ?? "", frameOrigins: merchant.frameOrigins.join("\n") }}
            action={changePayPage}
          />
        </Card>
        <Card title="Password" description="Changing it ends every other session.">
          <PasswordForm email={user.email} action={changePassword} />
        </Card>
      </div>
    </>
  );
}
