import { Time } from "@/components/dashboard/time";
import { Badge } from "@/components/ui/badge";
import { Table } from "@/components/ui/table";
import type { ApiLog } from "@/lib/api/log-search";

export const toneOf = (status: number) => (status < 400 ? "green" : status < 500 ? "amber" : "red");

/** Requests to the API, each leading to its bodies. */
export function LogTable({ rows, base }: { rows: ApiLog[]; base: string }) {
  return (
    <Table
      label="API requests"
      rows={rows}
      rowKey={(row) => row.id}
      href={(row) => `${base}/${row.id}`}
      columns={[
        {
          header: "Request",
          cell: (row) => (
            <span className="block max-w-96 truncate font-mono text-[13px]" title={`${row.method} ${row.path}`}>
              {row.method} {row.path}
            </span>
          ),
        },
        { header: "Status", cell: (row) => <Badge tone={toneOf(row.statusCode)}>{row.statusCode}</Badge> },
        {
          header: "Error",
          cell: (row) => <span className="font-mono text-[13px] text-muted">{row.errorCode ?? "–"}</span>,
        },
        { header: "Took", align: "right", cell: (row) => `${row.durationMs} ms` },
        { header: "From", desktopOnly: true, cell: (row) => <span className="text-muted">{row.ip ?? "–"}</span> },
        { header: "When", cell: (row) => <Time at={row.createdAt} /> },
      ]}
    />
  );
}
