import type { Metadata } from "next";
import { ApiReference } from "@/components/site/api-reference";
import { SiteHeader } from "@/components/site/header";
import { env } from "@/lib/env";

export const metadata: Metadata = {
  title: "API reference · USDT gateway",
  description: "Every endpoint, to read and to try with a test key.",
};

/** The OpenAPI document as a page that can call the sandbox. */
export default function ReferencePage() {
  return (
    <>
      <SiteHeader canRegister={env().registration === "open"} />
      <main>
        <h1 className="sr-only">API reference</h1>
        <ApiReference />
      </main>
      <noscript>
        <p className="px-6 py-16">
          This page needs JavaScript. The <a href="/docs/api">documentation</a> has every endpoint, without.
        </p>
      </noscript>
    </>
  );
}
