import type { Metadata } from "next";
import { requireSession } from "@/app/_session/session";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { AuditTable } from "@/components/dashboard/settings/audit-table";
import { SettingsTabs } from "@/components/dashboard/settings/settings-tabs";
import { Pagination } from "@/components/ui/pagination";
import { listAuditLog } from "@/lib/audit/service";

export const metadata: Metadata = { title: "Audit log" };

export default async function AuditPage({
  params,
  searchParams,
}: {
  params: Promise<{ mode: string }>;
  searchParams: Promise<{ after?: string | string[] }>;
}) {
  const { merchant, mode } = await requireSession(params);
  const { after } = await searchParams;
  const cursor = typeof after === "string" ? after : undefined;
  const { entries, next } = await listAuditLog(merchant.id, cursor);
  const path = dashboardPath(mode, "/settings/audit");
  return (
    <>
      <PageHeader
        title="Audit log"
        description="Every change of this account, in test and live mode: who, when and from where."
      />
      <SettingsTabs mode={mode} active="audit" />
      <div className="mt-6">
        <AuditTable
          entries={entries.map(({ id, actor, email, action, target, data, ip, createdAt }) => ({
            id,
            who: email ?? actor,
            action,
            target,
            data,
            ip,
            createdAt,
          }))}
        />
        <Pagination newer={cursor ? path : null} newerLabel="Newest" older={next && `${path}?after=${next}`} />
      </div>
    </>
  );
}
