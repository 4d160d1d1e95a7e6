import type { Metadata } from "next";
import { markKeyCopied } from "@/app/_session/onboarding-actions";
import { requireSession } from "@/app/_session/session";
import { KeyList } from "@/components/dashboard/keys/key-list";
import { ReplaceKey } from "@/components/dashboard/keys/replace-key";
import { PageHeader } from "@/components/dashboard/page-header";
import { listKeys } from "@/lib/api-keys/service";
import { replaceKey } from "./actions";

export const metadata: Metadata = { title: "API keys" };

export default async function KeysPage({ params }: { params: Promise<{ mode: string }> }) {
  const { merchant, mode } = await requireSession(params);
  const keys = await listKeys(merchant.id, mode);
  return (
    <>
      <PageHeader
        title={mode === "test" ? "Test API key" : "Live API key"}
        description={
          mode === "test"
            ? "For your server, while you build: nothing it does touches a network or money."
            : "For your server: it makes invoices that real money pays. Whoever has it can make and cancel invoices, and no more."
        }
        action={<ReplaceKey replaceKey={replaceKey} markKeyCopied={markKeyCopied} />}
      />
      <KeyList
        keys={keys.map(({ id, prefix, createdAt, lastUsedAt, expiresAt }) => ({
          id,
          prefix,
          createdAt,
          lastUsedAt,
          expiresAt,
        }))}
      />
    </>
  );
}
