import type { Metadata } from "next";
import Link from "next/link";
import { requireSession } from "@/app/_session/session";
import { NewInvoice } from "@/components/dashboard/invoices/new-invoice";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/states";
import { listPayableNetworks } from "@/lib/wallets/networks";
import { createInvoice } from "../actions";

export const metadata: Metadata = { title: "New invoice" };

export default async function NewInvoicePage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant, mode } = await requireSession(params);
  const networks = await listPayableNetworks(merchant.id, mode);
  return (
    <>
      <PageHeader
        title="New invoice"
        description="Makes a payment link that you can send to a customer. No code needed."
      />
      {networks.length === 0 ? (
        <EmptyState
          action={
            <Button variant="primary" asChild>
              <Link href={dashboardPath(mode, "/wallets")}>Add a wallet</Link>
            </Button>
          }
        >
          An invoice is paid into a wallet of yours, and you have none yet.
        </EmptyState>
      ) : (
        <Card>
          <NewInvoice
            create={createInvoice}
            networks={networks}
            defaultExpirySeconds={merchant.defaultExpirySeconds}
            base={dashboardPath(mode, "/invoices")}
          />
        </Card>
      )}
    </>
  );
}
