import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_session/or-not-found";
import { requireSession } from "@/app/_session/session";
import { Code, Details } from "@/components/dashboard/details";
import { toneOf } from "@/components/dashboard/logs/log-table";
import { dashboardPath } from "@/components/dashboard/navigation";
import { PageHeader } from "@/components/dashboard/page-header";
import { Time } from "@/components/dashboard/time";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { Hash } from "@/components/ui/copy";
import { getApiLog } from "@/lib/api/log-search";
import { pretty } from "@/lib/dashboard/pretty";

export const metadata: Metadata = { title: "API request" };

export default async function LogPage({ params }: { params: Promise<{ mode: string; id: string }> }) {
  const { mode, scope } = await requireSession(params);
  const entry = await orNotFound(getApiLog(scope, (await params).id));
  return (
    <>
      <p className="mb-2 text-sm">
        <Link href={dashboardPath(mode, "/developers/logs")} className="text-muted underline">
          API logs
        </Link>
      </p>
      <PageHeader
        title={
          <span className="font-mono">
            {entry.method} {entry.path}
          </span>
        }
        description={<Badge tone={toneOf(entry.statusCode)}>{entry.statusCode}</Badge>}
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="Request" className="min-w-0">
          <Details
            items={[
              ["When", <Time key="when" at={entry.createdAt} exact />],
              ["Took", `${entry.durationMs} ms`],
              ["From", entry.ip],
              ["User agent", entry.userAgent],
              ["Request id", <Hash key="request" value={entry.requestId} what="the request id" />],
            ]}
          />
          {entry.requestBody && (
            <div className="mt-3">
              <Code label="Request body">{pretty(entry.requestBody)}</Code>
            </div>
          )}
        </Card>
        <Card title="Response" className="min-w-0">
          <Details
            items={[
              ["Status", String(entry.statusCode)],
              ["Error code", entry.errorCode],
            ]}
          />
          {entry.responseBody && (
            <div className="mt-3">
              <Code label="Response body">{pretty(entry.responseBody)}</Code>
            </div>
          )}
        </Card>
      </div>
    </>
  );
}
