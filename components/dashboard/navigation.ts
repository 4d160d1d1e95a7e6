import {
  ArrowLeftRight,
  FileText,
  FlaskConical,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  ScrollText,
  Settings,
  Wallet,
  Webhook,
} from "lucide-react";
import type { Mode } from "@/lib/mode";

type Item = { label: string; path: string; icon: LucideIcon; testOnly?: boolean };

/** What is in the dashboard, in the order it is shown. `path` is below /dashboard/[mode]. */
export const NAVIGATION: { title: string | null; items: Item[] }[] = [
  {
    title: null,
    items: [
      { label: "Overview", path: "", icon: LayoutDashboard },
      { label: "Invoices", path: "/invoices", icon: FileText },
      { label: "Transfers", path: "/transfers", icon: ArrowLeftRight },
      { label: "Wallets", path: "/wallets", icon: Wallet },
    ],
  },
  {
    title: "Developers",
    items: [
      { label: "API keys", path: "/developers/keys", icon: KeyRound },
      { label: "Webhooks", path: "/developers/webhooks", icon: Webhook },
      { label: "API logs", path: "/developers/logs", icon: ScrollText },
      { label: "Sandbox", path: "/developers/sandbox", icon: FlaskConical, testOnly: true },
    ],
  },
  { title: null, items: [{ label: "Settings", path: "/settings", icon: Settings }] },
];

/** An address of the dashboard: `dashboardPath("test", "/invoices")`. */
export const dashboardPath = (mode: Mode, path = ""): string => `/dashboard/${mode}${path}`;

/** The item that an address belongs to: the longest that it begins with. */
export function activeItem(pathname: string): Item | null {
  const path = pathname.replace(/^\/dashboard\/[^/]+/, "").replace(/\/$/, "");
  const items = NAVIGATION.flatMap((group) => group.items);
  const fitting = items.filter((item) => (item.path === "" ? path === "" : `${path}/`.startsWith(`${item.path}/`)));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0] ?? null;
}

/** The same part of the dashboard in the other mode; of a single thing, which only its own mode has, the list it is in. */
export function inMode(pathname: string, mode: Mode): string {
  const item = activeItem(pathname);
  return dashboardPath(mode, item && !(item.testOnly && mode === "live") ? item.path : "");
}
