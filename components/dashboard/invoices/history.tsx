import Link from "next/link";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { Hash } from "@/components/ui/copy";
import type { TimelineEntry } from "@/lib/invoices/timeline";
import { Timeline, type TimelineItem } from "./timeline";

type Look = Omit<TimelineItem, "key" | "at">;

/** An invoice's past in words. @param deliveries where deliveries are shown. @param me the user who looks. */
export function History({
  entries,
  expiresAt,
  deliveries,
  me,
}: {
  entries: TimelineEntry[];
  expiresAt: ReactNode;
  deliveries: string;
  me: string;
}) {
  const items = entries.map((entry, index) => ({
    key: `${entry.kind}-${index}`,
    at: entry.at,
    ...look(entry, expiresAt, deliveries, me),
  }));
  return <Timeline items={items} />;
}

function look(entry: TimelineEntry, expiresAt: ReactNode, deliveries: string, me: string): Look {
  switch (entry.kind) {
    case "created":
      return { tone: "neutral", title: "Created", detail: <>To be paid until {expiresAt}</> };
    case "opened":
      return { tone: "neutral", title: "Pay page opened for the first time" };
    case "seen":
      return {
        tone: "amber",
        title: "Payment seen on the network",
        detail: (
          <>
            <Hash value={entry.txHash} what="the transaction" /> from <Hash value={entry.from} what="the sender" />
            <br />
            {Math.min(entry.confirmations, entry.required)} of {entry.required} confirmations
          </>
        ),
      };
    case "confirmed":
      return entry.manual
        ? { tone: "green", title: "Confirmed by hand", detail: "An unmatched transfer was accepted for it." }
        : {
            tone: "green",
            title: "Confirmed",
            detail: entry.confirmations === null ? undefined : `${entry.confirmations} confirmations deep`,
          };
    case "expired":
      return { tone: "neutral", title: "Expired", detail: "No payment came in time." };
    case "cancelled":
      return { tone: "neutral", title: "Cancelled" };
    case "event":
      return {
        tone: "neutral",
        title: (
          <>
            Event <code className="font-mono text-[13px]">{entry.type}</code>
          </>
        ),
        detail: entry.announced ? undefined : "No webhook: neither the invoice nor your settings had a URL.",
      };
    case "attempt": {
      const { attempt, delivery } = entry;
      const ok = attempt.error === null;
      return {
        tone: ok ? "green" : "red",
        title: (
          <Link className="underline" href={`${deliveries}/${delivery.id}`}>{`Webhook attempt ${attempt.number}`}</Link>
        ),
        detail: (
          <>
            <Badge tone={ok ? "green" : "red"}>{attempt.statusCode ?? "No answer"}</Badge> after {attempt.latencyMs} ms
            {attempt.error && <>: {attempt.error}</>}
          </>
        ),
      };
    }
    case "scheduled":
      return {
        tone: "amber",
        future: true,
        title: (
          <Link className="underline" href={`${deliveries}/${entry.delivery.id}`}>
            Next webhook attempt
          </Link>
        ),
        detail: entry.delivery.url,
      };
    case "audit":
      return { tone: "neutral", title: ACTIONS[entry.entry.action] ?? entry.entry.action, detail: who(entry, me) };
  }
}

const ACTIONS: Record<string, string> = {
  "invoice.created": "Created in the dashboard",
  "invoice.cancelled": "Cancelled in the dashboard",
  "transfer.accepted": "Unmatched transfer accepted",
  "delivery.resent": "Webhook sent again by hand",
  "payment.orphaned": "The payment's block left the chain after it was confirmed: check it yourself",
};

function who({ entry }: TimelineEntry & { kind: "audit" }, me: string): string {
  const { actor, ip } = entry;
  const name = actor === `user:${me}` ? "By you" : actor.startsWith("user:") ? "By another user" : `By the ${actor}`;
  return ip ? `${name}, from ${ip}` : name;
}
