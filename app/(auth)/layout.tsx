import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";

export const metadata: Metadata = { robots: { index: false, follow: false } };

/** The frame of logging in and registering: one column. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-110 flex-col justify-center px-6 py-12">
      <p className="mb-8 text-sm font-semibold">
        <Link href="/">USDT gateway</Link>
      </p>
      {children}
    </main>
  );
}
