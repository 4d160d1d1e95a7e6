import { ExternalLink } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_session/or-not-found";
import { requireSession } from "@/app/_session/session";
import { Code, Details } from "@/components/dashboard/details";
import { CancelInvoice } from "@/components/dashboard/invoices/cancel-invoice";
import { History } from "@/components/dashboard/invoices/history";
import { InvoiceStatus } from "@/components/dashboard/invoices/status";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Refresher } from "@/components/dashboard/refresher";
import { SimulatePayment } from "@/components/dashboard/sandbox/simulate-payment";
import { Time } from "@/components/dashboard/time";
import { Amount } from "@/components/ui/amount";
import { Status } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyLine, Hash } from "@/components/ui/copy";
import { paymentUrl, presentRow } from "@/lib/invoices/present";
import { getInvoiceDetail } from "@/lib/invoices/timeline";
import { formatAmount } from "@/lib/money";
import { SCENARIO_CHOICES } from "@/lib/sandbox/scenarios";
import { simulatePayment, triggerExpiry } from "../../developers/sandbox/actions";
import { cancelInvoice } from "../actions";

export const metadata: Metadata = { title: "Invoice" };

export default async function InvoicePage({ params }: { params: Promise<{ mode: string; id: string }> }) {
  const { mode, scope, user } = await requireSession(params);
  const { id } = await params;
  const { invoice, timeline, deliveries } = await orNotFound(getInvoiceDetail(scope, id));
  const row = presentRow(invoice);
  const path = (rest: string) => dashboardPath(mode, rest);
  const isOpen = invoice.status === "pending";
  return (
    <>
      {/* The one thing that is looked for here is whether it has been paid by now. */}
      {(isOpen || deliveries.some((delivery) => delivery.status === "pending")) && <Refresher />}
      <p className="mb-2 text-sm">
        <Link href={path("/invoices")} className="text-muted underline">
          Invoices
        </Link>
      </p>
      <PageHeader
        title={invoice.reference}
        description={
          <span className="mt-1 inline-flex flex-wrap items-center gap-3">
            <span className="text-base text-ink">
              <Amount value={row.amountUsdt} />
            </span>
            <InvoiceStatus status={row.status} progress={row.progress} />
          </span>
        }
        action={
          <>
            {isOpen && !invoice.payment && (
              <CancelInvoice invoiceId={invoice.id} reference={invoice.reference} cancel={cancelInvoice} />
            )}
            <Button variant={isOpen ? "primary" : "secondary"} asChild>
              <a href={paymentUrl(invoice)} target="_blank" rel="noreferrer">
                Open the pay page
                <ExternalLink aria-hidden="true" />
              </a>
            </Button>
          </>
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-[3fr_2fr]">
        <Card title="What happened">
          <History
            entries={timeline}
            expiresAt={<Time at={invoice.expiresAt} exact />}
            deliveries={path("/developers/webhooks")}
            me={user.id}
          />
        </Card>
        <div className="flex min-w-0 flex-col gap-4">
          {mode === "test" && (isOpen || invoice.status === "expired") && !invoice.payment && (
            <Card
              title="Sandbox"
              description="No real money moves in test mode: pay it with money that does not exist."
            >
              <SimulatePayment
                invoices={[{ id: invoice.id, label: invoice.reference, isOpen }]}
                scenarios={SCENARIO_CHOICES}
                simulate={simulatePayment}
                expire={triggerExpiry}
              />
            </Card>
          )}
          <Card title="Payment link">
            <CopyLine text={paymentUrl(invoice)} what="the payment link" />
          </Card>
          <Card title="Details">
            <Details
              items={[
                ["Network", row.networkLabel],
                ["Paid into", <Hash key="address" value={invoice.payoutAddress} what="the address" />],
                [
                  "Asked for",
                  invoice.amount === invoice.amountRequested ? null : (
                    <Amount key="asked" value={formatAmount(invoice.amountRequested)} />
                  ),
                ],
                [
                  "Transaction",
                  invoice.payment && <Hash key="tx" value={invoice.payment.txHash} what="the transaction" />,
                ],
                [
                  "Paid from",
                  invoice.payment && <Hash key="from" value={invoice.payment.fromAddress} what="the sender" />,
                ],
                ["Block", invoice.payment && String(invoice.payment.blockNumber)],
                ["Created", <Time key="created" at={invoice.createdAt} exact />],
                ["Expires", <Time key="expires" at={invoice.expiresAt} exact />],
                ["Paid", invoice.paidAt && <Time key="paid" at={invoice.paidAt} exact />],
                ["Title", invoice.title],
                ["Description", invoice.description],
                ["Return URL", invoice.returnUrl],
                ["Callback URL", invoice.callbackUrl],
                ["Id", <Hash key="id" value={invoice.id} what="the id" />],
              ]}
            />
          </Card>
          {deliveries.length > 0 && (
            <Card title="Webhooks">
              <ul className="divide-y divide-line text-sm">
                {deliveries.map((delivery) => (
                  <li key={delivery.id} className="flex items-center justify-between gap-3 py-2">
                    <Link
                      href={path(`/developers/webhooks/${delivery.id}`)}
                      className="font-mono text-[13px] underline"
                    >
                      {delivery.type}
                    </Link>
                    <Status status={delivery.status} />
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {invoice.metadata && (
            <Card title="Metadata">
              <Code label="Metadata">{invoice.metadata}</Code>
            </Card>
          )}
        </div>
      </div>
    </>
  );
}
