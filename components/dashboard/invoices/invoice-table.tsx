import { Time } from "@/components/dashboard/time";
import { Amount } from "@/components/ui/amount";
import { type Column, Table } from "@/components/ui/table";
import { InvoiceStatus, type StatusView } from "./status";

export type InvoiceRow = StatusView & {
  id: string;
  reference: string;
  title: string | null;
  amountUsdt: string;
  networkLabel: string;
  createdAt: Date;
  paidAt: Date | null;
};

const NETWORK: Column<InvoiceRow>[] = [{ header: "Network", desktopOnly: true, cell: (row) => row.networkLabel }];
const PAID: Column<InvoiceRow>[] = [
  {
    header: "Paid",
    desktopOnly: true,
    cell: (row) => (row.paidAt ? <Time at={row.paidAt} /> : <span className="text-muted">–</span>),
  },
];

/** Invoices, each leading to its own page. @param narrow beside something else: without network and payment. */
export function InvoiceTable({ rows, base, narrow = false }: { rows: InvoiceRow[]; base: string; narrow?: boolean }) {
  return (
    <Table
      label="Invoices"
      rows={rows}
      rowKey={(row) => row.id}
      href={(row) => `${base}/${row.id}`}
      columns={[
        {
          header: "Reference",
          cell: (row) => (
            <span
              className="block max-w-72 truncate"
              title={row.title ? `${row.reference} · ${row.title}` : row.reference}
            >
              {row.reference}
              {row.title && <span className="ml-2 font-normal text-muted">{row.title}</span>}
            </span>
          ),
        },
        { header: "Amount", align: "right", cell: (row) => <Amount value={row.amountUsdt} /> },
        { header: "Status", cell: (row) => <InvoiceStatus status={row.status} progress={row.progress} /> },
        ...(narrow ? [] : NETWORK),
        { header: "Created", cell: (row) => <Time at={row.createdAt} /> },
        ...(narrow ? [] : PAID),
      ]}
    />
  );
}
