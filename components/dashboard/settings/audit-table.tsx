"use client";

import { Table } from "@/components/ui/table";
import { Time } from "../time";

export type AuditRow = {
  id: string;
  who: string;
  action: string;
  target: string | null;
  data: Record<string, unknown> | null;
  ip: string | null;
  createdAt: Date;
};

const WHO: Record<string, string> = { operator: "Operator", system: "The gateway", registration: "Registration" };

const WHAT: Record<string, string> = {
  "api_key.rotated": "API key replaced",
  "delivery.resent": "Webhook sent again",
  "invoice.cancelled": "Invoice cancelled",
  "invoice.created": "Invoice created",
  "logo.changed": "Logo changed",
  "logo.removed": "Logo removed",
  "merchant.activated": "Account activated",
  "merchant.created": "Account opened",
  "merchant.suspended": "Account suspended",
  "password.changed": "Password changed",
  "password.reset": "Password reset",
  "payment.orphaned": "Payment left the network",
  "settings.changed": "Settings changed",
  "transfer.accepted": "Transfer accepted",
  "wallet.added": "Wallet added",
  "wallet.archived": "Wallet archived",
  "wallet.made_default": "Wallet made the default",
  "wallet.renamed": "Wallet renamed",
  "wallet.restored": "Wallet brought back",
  "webhook_secret.rotated": "Webhook secret replaced",
  "webhook_url.changed": "Webhook URL changed",
};

/** Who changed what, when and from where. */
export function AuditTable({ entries }: { entries: AuditRow[] }) {
  return (
    <Table
      label="Changes"
      rows={entries}
      rowKey={(entry) => entry.id}
      columns={[
        { header: "Change", cell: (entry) => WHAT[entry.action] ?? entry.action },
        { header: "Details", className: "md:whitespace-normal", cell: (entry) => <Details {...entry} /> },
        { header: "Who", cell: (entry) => WHO[entry.who] ?? entry.who },
        { header: "From", cell: (entry) => entry.ip ?? <span className="text-muted">–</span> },
        { header: "When", cell: (entry) => <Time at={entry.createdAt} /> },
      ]}
    />
  );
}

/** What the entry says of the change: `name: value`, or for a setting `name: old → new`. */
function Details({ data }: AuditRow) {
  const parts = Object.entries(data ?? {}).map(([name, value]) => ({ name, text: print(name, value) }));
  if (parts.length === 0) return <span className="text-muted">–</span>;
  return (
    <span className="text-[13px] leading-5 wrap-anywhere text-muted">
      {parts.map(({ name, text }, index) => (
        <span key={name} title={text}>
          {index > 0 && ", "}
          {words(name)}: {text.replace(LONG, (word) => `${word.slice(0, 6)}…${word.slice(-6)}`)}
        </span>
      ))}
    </span>
  );
}

/** Addresses, hashes and ids, which are shown as everywhere. */
const LONG = /\b(0x)?[0-9A-Za-z-]{30,}\b/g;

/** `adjustmentLimit` → `adjustment limit` */
const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function print(name: string, value: unknown): string {
  if (name === "grace") return value === 0 ? "none" : `${value} s`;
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value !== "object") return String(value);
  if ("from" in value && "to" in value) return `${print(name, value.from)} → ${print(name, value.to)}`;
  return JSON.stringify(value);
}
