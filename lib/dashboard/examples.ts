import { env } from "@/lib/env";
import type { Mode } from "@/lib/mode";

/** The line of code that makes a first invoice on this gateway. The key stays a name: nobody can read it any more. */
export function curlExample(mode: Mode): string {
  const key = mode === "test" ? "YOUR_TEST_KEY" : "YOUR_LIVE_KEY";
  return `curl -X POST ${env().appUrl}/api/v1/invoices \\
  -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\
  -d '{"amountUsdt": "10.00"}'`;
}
