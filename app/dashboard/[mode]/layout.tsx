import type { Metadata } from "next";
import type { ReactNode } from "react";
import { requireSession } from "@/app/_session/session";
import { PageContextProvider } from "@/components/dashboard/context";
import { Sidebar } from "@/components/dashboard/sidebar";
import { Toaster } from "@/components/ui/toaster";

export const metadata: Metadata = {
  title: { template: "%s · Dashboard", default: "Dashboard" },
  robots: { index: false, follow: false },
};

/**
 * The frame of the dashboard. The mode is part of every address: a shared link, the back button and a page left open overnight
 * all show the mode they say, and their actions happen in it.
 */
export default async function DashboardLayout({
  params,
  children,
}: {
  params: Promise<{ mode: string }>;
  children: ReactNode;
}) {
  const { user, merchant, mode } = await requireSession(params);
  return (
    // A key of its own for each world: nothing typed or opened in one is carried into the other.
    <PageContextProvider
      key={`${merchant.id}/${mode}`}
      value={{ mode, merchantId: merchant.id, timeZone: merchant.timeZone }}
    >
      <a
        href="#content"
        className="sr-only rounded bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to the content
      </a>
      <div className="min-h-dvh md:flex">
        <Sidebar mode={mode} merchantName={merchant.name} email={user.email} />
        <div className="min-w-0 flex-1">
          {mode === "test" && (
            <section
              aria-label="Test mode"
              className="border-b border-amber-line bg-amber-fill px-4 py-1.5 text-center text-xs leading-5 font-medium text-amber"
            >
              Test mode: no real money moves here
            </section>
          )}
          {merchant.status === "suspended" && (
            <section
              aria-label="Suspended"
              className="border-b border-red-line bg-red-fill px-4 py-2 text-center text-sm text-red"
            >
              This account is suspended: the API refuses its keys and nothing can be changed. Open invoices are still
              watched and credited. Ask the operator of this gateway.
            </section>
          )}
          <main id="content" className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-8 sm:py-8">
            {children}
          </main>
        </div>
      </div>
      <Toaster />
    </PageContextProvider>
  );
}
