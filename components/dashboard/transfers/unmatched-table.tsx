import Link from "next/link";
import { Time } from "@/components/dashboard/time";
import { Amount } from "@/components/ui/amount";
import { Badge } from "@/components/ui/badge";
import { Hash } from "@/components/ui/copy";
import { Table } from "@/components/ui/table";
import type { Action } from "@/lib/auth/actions";
import { AcceptTransfer } from "./accept-transfer";

export type UnmatchedRow = {
  id: string;
  amountUsdt: string;
  reason: "underpaid" | "overpaid" | "late" | "duplicate" | "unknown";
  networkLabel: string;
  txHash: string;
  blockTime: string;
  likelyInvoiceId: string | null;
  likelyReference: string | null;
};

const REASONS: Record<UnmatchedRow["reason"], { label: string; title: string }> = {
  underpaid: { label: "Too little", title: "Less than an invoice that was open then" },
  overpaid: { label: "Too much", title: "More than an invoice that was open then" },
  late: { label: "Too late", title: "The exact amount of an invoice that had expired or was cancelled" },
  duplicate: { label: "Paid twice", title: "The exact amount of an invoice that another transfer pays" },
  unknown: { label: "Unknown", title: "No invoice near this amount was open then" },
};

/** Transfers that pay nothing: why, for which invoice they were probably meant, and the way to accept them. */
export function UnmatchedTable({
  rows,
  invoices,
  accept,
}: {
  rows: UnmatchedRow[];
  /** Where invoices are shown. */
  invoices: string;
  accept: Action<{ transferId: string; reference: string }, { invoiceId: string }>;
}) {
  return (
    <Table
      label="Unmatched transfers"
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { header: "Amount", cell: (row) => <Amount value={row.amountUsdt} /> },
        {
          header: "Why it pays nothing",
          cell: (row) => (
            <span title={REASONS[row.reason].title}>
              <Badge tone="amber">{REASONS[row.reason].label}</Badge>
            </span>
          ),
        },
        {
          header: "Likely invoice",
          cell: (row) =>
            row.likelyInvoiceId ? (
              <Link
                href={`${invoices}/${row.likelyInvoiceId}`}
                className="inline-block max-w-48 truncate align-middle underline"
                title={row.likelyReference ?? undefined}
              >
                {row.likelyReference}
              </Link>
            ) : (
              <span className="text-muted">None</span>
            ),
        },
        { header: "Network", cell: (row) => row.networkLabel },
        { header: "Transaction", cell: (row) => <Hash value={row.txHash} what="the transaction" /> },
        { header: "When", cell: (row) => <Time at={row.blockTime} /> },
        {
          header: "Accept",
          align: "right",
          cell: (row) => (
            <AcceptTransfer
              transferId={row.id}
              amountUsdt={row.amountUsdt}
              likelyReference={row.likelyReference}
              accept={accept}
            />
          ),
        },
      ]}
    />
  );
}
