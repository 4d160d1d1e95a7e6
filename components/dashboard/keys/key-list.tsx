"use client";

import { Badge } from "@/components/ui/badge";
import { Table } from "@/components/ui/table";
import { Time } from "../time";

type KeyRow = { id: string; prefix: string; createdAt: Date; lastUsedAt: Date | null; expiresAt: Date | null };

/** The keys that work, by their first characters: more than these are not kept. */
export function KeyList({ keys }: { keys: KeyRow[] }) {
  return (
    <Table
      label="API keys"
      rows={keys}
      rowKey={(key) => key.id}
      columns={[
        { header: "Key", cell: (key) => <code className="font-mono text-[13px]">{key.prefix}…</code> },
        {
          header: "State",
          cell: (key) =>
            key.expiresAt ? (
              <Badge tone="amber">
                Replaced, ends
                <Time at={key.expiresAt} />
              </Badge>
            ) : (
              <Badge tone="green">Current</Badge>
            ),
        },
        { header: "Created", cell: (key) => <Time at={key.createdAt} /> },
        {
          header: "Last used",
          cell: (key) => (key.lastUsedAt ? <Time at={key.lastUsedAt} /> : <span className="text-muted">Never</span>),
        },
      ]}
    />
  );
}
