import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { PageHeader } from "@/components/dashboard/page-header";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant } = await requireSession(params);
  return <PageHeader title="Overview" description={merchant.name} />;
}
