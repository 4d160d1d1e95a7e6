import { TabLinks } from "@/components/ui/tab-links";
import type { Mode } from "@/lib/mode";
import { dashboardPath } from "../navigation";

export function SettingsTabs({ mode, active }: { mode: Mode; active: "general" | "audit" }) {
  return (
    <TabLinks
      label="Settings"
      tabs={[
        { href: dashboardPath(mode, "/settings"), label: "General", active: active === "general" },
        { href: dashboardPath(mode, "/settings/audit"), label: "Audit log", active: active === "audit" },
      ]}
    />
  );
}
