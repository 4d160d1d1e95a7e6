import type { Metadata } from "next";
import Link from "next/link";
import { requireSession } from "@/app/_session/session";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { SignatureChecker } from "@/components/dashboard/webhooks/signature-checker";
import { readSentBody } from "../actions";

export const metadata: Metadata = { title: "Check a signature" };

export default async function CheckPage({ params }: { params: Promise<{ mode: string }> }) {
  const { mode } = await requireSession(params);
  return (
    <>
      <p className="mb-2 text-sm">
        <Link href={dashboardPath(mode, "/developers/webhooks")} className="text-muted underline">
          Webhooks
        </Link>
      </p>
      <PageHeader
        title="Check a signature"
        description="Your code refuses a webhook? Paste what it received, and be told why."
      />
      <SignatureChecker readSentBody={readSentBody} />
    </>
  );
}
