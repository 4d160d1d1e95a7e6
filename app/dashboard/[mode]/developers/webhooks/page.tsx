import type { Metadata } from "next";
import Link from "next/link";
import { requireSession } from "@/app/_session/session";
import { CursorPages } from "@/components/dashboard/lists/cursor-pages";
import { FilterDays, FilterForm, FilterSelect, FilterText } from "@/components/dashboard/lists/filter-form";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { DeliveryTable } from "@/components/dashboard/webhooks/delivery-table";
import { WebhookSecret } from "@/components/dashboard/webhooks/secret";
import { SendTest } from "@/components/dashboard/webhooks/send-test";
import { WebhookUrl } from "@/components/dashboard/webhooks/webhook-url";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/states";
import { DELIVERY_STATUSES, parseDeliveryQuery, type RawQuery, withQuery } from "@/lib/dashboard/query";
import { printPosition } from "@/lib/lists/position";
import { listDeliveryPage } from "@/lib/webhooks/deliveries";
import { rotateSecret, saveWebhookUrl, sendTest } from "./actions";

export const metadata: Metadata = { title: "Webhooks" };

const PAGE_SIZE = 50;

export default async function WebhooksPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<RawQuery>;
}) {
  const { merchant, mode, scope } = await requireSession(params);
  const { filters, search, after } = parseDeliveryQuery(await searchParams, merchant.timeZone);
  const page = await listDeliveryPage(scope, search, { limit: PAGE_SIZE, after });
  const path = dashboardPath(mode, "/developers/webhooks");
  const active = Object.values(filters).some(Boolean);
  const { previousWebhookSecretUntil: until } = merchant;
  return (
    <>
      <PageHeader
        title="Webhooks"
        description="We tell your server when an invoice is confirmed, expired or cancelled."
        action={
          <>
            <Button asChild>
              <Link href={`${path}/check`}>Check a signature</Link>
            </Button>
            <SendTest url={merchant.webhookUrl} send={sendTest} />
          </>
        }
      />
      <div className="mb-8 grid items-start gap-4 lg:grid-cols-2">
        <Card title="Where they go">
          <WebhookUrl url={merchant.webhookUrl} save={saveWebhookUrl} />
        </Card>
        <Card title="Signing secret">
          <WebhookSecret graceUntil={until && until > new Date() ? until : null} rotate={rotateSecret} />
        </Card>
      </div>
      <h2 className="mb-3 text-base font-semibold">Deliveries</h2>
      <FilterForm label="Deliveries" active={active}>
        <FilterText name="reference" label="Reference of the invoice" value={filters.reference} />
        <FilterSelect
          name="status"
          label="Status"
          all="Any status"
          value={filters.status}
          options={DELIVERY_STATUSES.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }))}
        />
        <FilterDays from={filters.from} to={filters.to} />
      </FilterForm>
      {page.rows.length > 0 ? (
        <DeliveryTable rows={page.rows} base={path} />
      ) : (
        <EmptyState>
          {active
            ? "No delivery fits this. Change the filters, or clear them."
            : `No ${mode} webhook yet. One is sent as soon as an invoice with a URL is confirmed, expires or is cancelled.`}
        </EmptyState>
      )}
      <CursorPages
        newest={after ? withQuery(path, filters) : null}
        older={page.next && withQuery(path, { ...filters, cursor: printPosition(page.next) })}
        lookedBackTo={null}
      />
    </>
  );
}
