import { ArrowRight, CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import Link from "next/link";
import type { Attention } from "@/lib/dashboard/overview";

/** What a person should look at, the most urgent first, each with the way there. */
export function AttentionList({ items, base }: { items: Attention[]; base: string }) {
  if (items.length === 0) {
    return (
      <p className="flex items-center gap-2 text-sm text-muted">
        <CircleCheck aria-hidden="true" className="size-4 text-green" />
        Nothing needs you at the moment.
      </p>
    );
  }
  return (
    <ul className="-my-2 divide-y divide-line">
      {items.map((item) => {
        const { urgent, text, href, label } = words(item);
        const Icon = urgent ? CircleAlert : TriangleAlert;
        return (
          <li key={`${item.kind}-${text}`} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
            <Icon aria-hidden="true" className={`size-4 shrink-0 ${urgent ? "text-red" : "text-amber"}`} />
            <span className="min-w-0 flex-1 basis-48">{text}</span>
            {href && (
              <Link href={`${base}${href}`} className="inline-flex min-h-8 items-center gap-1 font-medium text-accent">
                {label}
                <ArrowRight aria-hidden="true" className="size-4" />
              </Link>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const LIMIT = 1_000;
const many = (count: number, one: string, more: string) =>
  `${count >= LIMIT ? `${LIMIT} or more` : count} ${count === 1 ? one : more}`;

type Words = { urgent: boolean; text: string; href: string | null; label: string };

function words(item: Attention): Words {
  switch (item.kind) {
    case "network":
      return {
        urgent: item.status === "failing",
        text:
          item.status === "failing"
            ? `${item.label} cannot be read at the moment. Payments there are found as soon as it can; nothing is lost.`
            : `${item.label} is being caught up with${item.secondsBehind === null ? "" : `: ${duration(item.secondsBehind)} behind`}. Payments there are seen late.`,
        href: null,
        label: "",
      };
    case "failed_deliveries":
      return {
        urgent: true,
        text: `${many(item.count, "webhook was", "webhooks were")} given up in the last ${item.days} days`,
        href: "/developers/webhooks?status=failed",
        label: "Look and send again",
      };
    case "unmatched":
      return {
        urgent: false,
        text: `${many(item.count, "transfer pays", "transfers pay")} no invoice`,
        href: "/transfers/unmatched",
        label: "Decide",
      };
    case "slots":
      return {
        urgent: item.taken >= item.places,
        text: `${item.taken} of ${item.places} amounts from ${item.amountUsdt} USDT are taken on ${item.wallet}: soon no invoice of that amount can be made`,
        href: "/wallets",
        label: "Add a wallet",
      };
    case "struggling_deliveries":
      return {
        urgent: false,
        text: `${many(item.count, "webhook has", "webhooks have")} failed more than once and will be tried again`,
        href: "/developers/webhooks?status=pending",
        label: "Look",
      };
    case "no_wallet":
      return {
        urgent: false,
        text: "You have no wallet: no invoice can be made",
        href: "/wallets",
        label: "Add a wallet",
      };
    case "no_webhook_url":
      return {
        urgent: false,
        text: "There is no default webhook URL: only invoices with a callbackUrl tell your server",
        href: "/developers/webhooks",
        label: "Set one",
      };
  }
}

/** Seconds as people say them: `45 s`, `12 min`, `3 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}
