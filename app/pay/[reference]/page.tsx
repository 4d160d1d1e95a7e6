import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { connection } from "next/server";
import { PayPage } from "@/components/pay/pay-page";
import { findPayView } from "@/lib/pay/service";
import type { PayState } from "@/lib/pay/view";

export const metadata: Metadata = { description: null, robots: { index: false, follow: false } };

const TITLE: Record<PayState, string> = {
  waiting: "Pay",
  overdue: "Time is over",
  seen: "Payment seen",
  confirmed: "Paid",
  expired: "Expired",
  cancelled: "Cancelled",
};

/**
 * A page gets its segment percent-encoded. `generateMetadata` and route handlers get it decoded, and decoding twice would lead
 * to another invoice, so the title is rendered here.
 */
export default async function Page({ params }: { params: Promise<{ reference: string }> }) {
  const { reference } = await params;
  await connection();
  const view = await findPayView(reference);
  if (!view) notFound();
  return (
    <>
      <title>{`${TITLE[view.state]} · ${view.amountUsdtExact} USDT · ${view.merchantName}`}</title>
      <PayPage view={view} />
    </>
  );
}
