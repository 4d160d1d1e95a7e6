import { SCENARIOS, type Scenario } from "@/db/schema";

/** What each scenario shows, in words. */
const SCENARIO_WORDS: Record<Scenario, { label: string; about: string }> = {
  exact: {
    label: "Paid exactly",
    about: "The amount asked for. The invoice is confirmed within seconds, and your webhook is told.",
  },
  underpaid: {
    label: "Too little",
    about: "A tenth less. It pays nothing and is kept as unmatched; the invoice stays open.",
  },
  overpaid: {
    label: "Too much",
    about: "A tenth more. It pays nothing and is kept as unmatched; the invoice stays open.",
  },
  late: { label: "Too late", about: "The invoice expires, then the exact amount arrives. It is kept as unmatched." },
  duplicate: { label: "Paid twice", about: "The exact amount twice. The first pays; the second is kept as unmatched." },
  reorged: {
    label: "Seen, then gone",
    about: "The payment is seen, then its block leaves the chain: as if it had never been there.",
  },
};

/** The scenarios in the order they are offered. */
export const SCENARIO_CHOICES = SCENARIOS.map((value) => ({ value, ...SCENARIO_WORDS[value] }));
