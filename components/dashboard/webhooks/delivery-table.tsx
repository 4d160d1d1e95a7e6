import { Time } from "@/components/dashboard/time";
import { Status } from "@/components/ui/badge";
import { Table } from "@/components/ui/table";
import type { DeliverySummary } from "@/lib/webhooks/deliveries";

/** Webhooks that were or will be sent, each leading to its attempts. */
export function DeliveryTable({ rows, base }: { rows: DeliverySummary[]; base: string }) {
  return (
    <Table
      label="Deliveries"
      rows={rows}
      rowKey={(row) => row.id}
      href={(row) => `${base}/${row.id}`}
      columns={[
        { header: "Event", cell: (row) => <span className="font-mono text-[13px]">{row.type}</span> },
        { header: "Status", cell: (row) => <Status status={row.status} /> },
        {
          header: "Invoice",
          cell: (row) => (
            <span className="inline-block max-w-48 truncate align-middle" title={row.invoiceReference}>
              {row.invoiceReference}
            </span>
          ),
        },
        {
          header: "URL",
          cell: (row) => (
            <span className="inline-block max-w-64 truncate align-middle text-muted" title={row.url}>
              {row.url}
            </span>
          ),
        },
        { header: "Attempts", align: "right", cell: (row) => row.attemptsMade },
        {
          header: "Next attempt",
          cell: (row) => (row.nextAttemptAt ? <Time at={row.nextAttemptAt} /> : <span className="text-muted">–</span>),
        },
        { header: "Created", cell: (row) => <Time at={row.createdAt} /> },
      ]}
    />
  );
}
