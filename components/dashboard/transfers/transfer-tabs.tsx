import { TabLinks } from "@/components/ui/tab-links";

/** All transfers, or those that need somebody. */
export function TransferTabs({
  base,
  active,
  unmatched,
}: {
  base: string;
  active: "all" | "unmatched";
  unmatched: number;
}) {
  return (
    <div className="mb-4">
      <TabLinks
        label="Transfers"
        tabs={[
          { href: base, label: "All", active: active === "all" },
          { href: `${base}/unmatched`, label: "Unmatched", active: active === "unmatched", count: unmatched },
        ]}
      />
    </div>
  );
}
