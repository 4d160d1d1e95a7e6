import Link from "next/link";
import { Time } from "@/components/dashboard/time";
import { Amount } from "@/components/ui/amount";
import { Badge } from "@/components/ui/badge";
import { Hash } from "@/components/ui/copy";
import { Table } from "@/components/ui/table";

export type TransferTableRow = {
  id: string;
  amountUsdt: string;
  networkLabel: string;
  txHash: string;
  fromAddress: string;
  wallet: string;
  createdAt: Date;
  status: "canonical" | "orphaned" | "failed";
  invoiceId: string | null;
  invoiceReference: string | null;
};

/** Every transfer to a wallet of the merchant, with the invoice it pays. */
export function TransferTable({ rows, invoices }: { rows: TransferTableRow[]; invoices: string }) {
  return (
    <Table
      label="Transfers"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { header: "Amount", cell: (row) => <Amount value={row.amountUsdt} /> },
        {
          header: "Pays",
          cell: (row) =>
            row.invoiceId ? (
              <Link
                href={`${invoices}/${row.invoiceId}`}
                className="inline-block max-w-56 truncate align-middle underline"
                title={row.invoiceReference ?? undefined}
              >
                {row.invoiceReference}
              </Link>
            ) : row.status === "canonical" ? (
              <Badge tone="amber">Unmatched</Badge>
            ) : (
              <Badge>{row.status === "failed" ? "Failed transaction" : "Left the chain"}</Badge>
            ),
        },
        { header: "Network", cell: (row) => row.networkLabel },
        {
          header: "Into",
          cell: (row) => <span className="inline-block max-w-40 truncate align-middle">{row.wallet}</span>,
        },
        { header: "From", cell: (row) => <Hash value={row.fromAddress} what="the sender" /> },
        { header: "Transaction", cell: (row) => <Hash value={row.txHash} what="the transaction" /> },
        { header: "When", cell: (row) => <Time at={row.createdAt} /> },
      ]}
    />
  );
}
