import type { ReactNode } from "react";

/** The pieces that every block of the pay page is laid out with. */

/** One block of the card. */
export function Section({ children }: { children: ReactNode }) {
  return <section className="p-4 sm:px-6 sm:py-5">{children}</section>;
}

export function Card({ children }: { children: ReactNode }) {
  return <div className="divide-y divide-line rounded border border-line bg-surface">{children}</div>;
}

/** Text that stays left to right whatever the language: amounts, addresses, hashes. */
export function Ltr({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <bdi dir="ltr" className={className}>
      {children}
    </bdi>
  );
}
