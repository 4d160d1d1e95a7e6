import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_session/or-not-found";
import { requireSession } from "@/app/_session/session";
import { Code, Details } from "@/components/dashboard/details";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Refresher } from "@/components/dashboard/refresher";
import { Time } from "@/components/dashboard/time";
import { Attempts } from "@/components/dashboard/webhooks/attempts";
import { Resend } from "@/components/dashboard/webhooks/resend";
import { Status } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Hash } from "@/components/ui/copy";
import { getDelivery } from "@/lib/webhooks/deliveries";
import { resendDelivery } from "../actions";

export const metadata: Metadata = { title: "Delivery" };

export default async function DeliveryPage({ params }: { params: Promise<{ mode: string; id: string }> }) {
  const { mode, scope } = await requireSession(params);
  const delivery = await orNotFound(getDelivery(scope, (await params).id));
  const headers = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      {delivery.status === "pending" && <Refresher />}
      <p className="mb-2 text-sm">
        <Link href={dashboardPath(mode, "/developers/webhooks")} className="text-muted underline">
          Webhooks
        </Link>
      </p>
      <PageHeader
        title={<span className="font-mono">{delivery.type}</span>}
        description={<Status status={delivery.status} />}
        action={<Resend deliveryId={delivery.id} resend={resendDelivery} />}
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Delivery">
            <Details
              items={[
                [
                  "Invoice",
                  <Link
                    key="invoice"
                    className="underline"
                    href={dashboardPath(mode, `/invoices/${delivery.invoiceId}`)}
                  >
                    {delivery.invoiceReference}
                  </Link>,
                ],
                ["URL", delivery.url],
                ["Id", <Hash key="id" value={delivery.id} what="the id" />],
                ["Created", <Time key="created" at={delivery.createdAt} exact />],
                ["Attempts of this round", `${delivery.attemptsMade} of 11`],
                ["Next attempt", delivery.nextAttemptAt && <Time key="next" at={delivery.nextAttemptAt} exact />],
                ["Ended", delivery.completedAt && <Time key="ended" at={delivery.completedAt} exact />],
              ]}
            />
          </Card>
          <Card
            title="Request"
            description="Every attempt sends the same bytes. The headers are those that an attempt now would carry."
          >
            <div className="flex flex-col gap-3">
              <Code label="Headers">{headers.join("\n")}</Code>
              <Code label="Body">{delivery.body}</Code>
            </div>
          </Card>
        </div>
        <Card title="Attempts" className="min-w-0">
          {delivery.attempts.length > 0 ? (
            <Attempts attempts={delivery.attempts} />
          ) : (
            <p className="text-sm text-muted">None yet. The first one leaves within a second.</p>
          )}
        </Card>
      </div>
    </>
  );
}
