import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { requireSession } from "@/app/_session/session";
import { InvoiceTable } from "@/components/dashboard/invoices/invoice-table";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Refresher } from "@/components/dashboard/refresher";
import { SimulatePayment } from "@/components/dashboard/sandbox/simulate-payment";
import { SendTest } from "@/components/dashboard/webhooks/send-test";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/states";
import { presentRow } from "@/lib/invoices/present";
import { searchInvoices } from "@/lib/invoices/search";
import { SCENARIO_CHOICES } from "@/lib/sandbox/scenarios";
import { sendTest } from "../webhooks/actions";
import { simulatePayment, triggerExpiry } from "./actions";

export const metadata: Metadata = { title: "Sandbox" };

const SHOWN = 15;

export default async function SandboxPage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant, mode, scope } = await requireSession(params);
  if (mode !== "test") redirect(dashboardPath(mode));
  const page = await searchInvoices(scope, { text: "" }, { limit: SHOWN, after: null });
  const rows = page.rows.map((invoice) => presentRow(invoice));
  const payable = rows.filter((row) => row.status === "pending" || row.status === "expired");
  const invoices = dashboardPath(mode, "/invoices");
  return (
    <>
      {rows.some((row) => row.status === "pending" && row.progress) && <Refresher />}
      <PageHeader
        title="Sandbox"
        description="Try out what customers do. From the transfer on, the code that handles it is the one that handles real money."
        action={<SendTest url={merchant.webhookUrl} send={sendTest} />}
      />
      {rows.length === 0 ? (
        <EmptyState
          action={
            <Button variant="primary" asChild>
              <Link href={`${invoices}/new`}>Create a test invoice</Link>
            </Button>
          }
        >
          There is no test invoice to be paid yet.
        </EmptyState>
      ) : (
        <div className="grid items-start gap-4 lg:grid-cols-[2fr_3fr]">
          <Card title="Simulate a payment">
            {payable.length > 0 ? (
              <SimulatePayment
                invoices={payable.map((row) => ({
                  id: row.id,
                  label: `${row.reference} · ${row.amountUsdt} USDT · ${row.status}`,
                  isOpen: row.status === "pending" && !row.progress,
                }))}
                scenarios={SCENARIO_CHOICES}
                simulate={simulatePayment}
                expire={triggerExpiry}
                primary
              />
            ) : (
              <EmptyState
                action={
                  <Button asChild>
                    <Link href={`${invoices}/new`}>Create a test invoice</Link>
                  </Button>
                }
              >
                None of your latest test invoices can still be paid.
              </EmptyState>
            )}
          </Card>
          <section aria-label="Latest test invoices" className="min-w-0">
            <InvoiceTable rows={rows} base={invoices} narrow />
          </section>
        </div>
      )}
    </>
  );
}
