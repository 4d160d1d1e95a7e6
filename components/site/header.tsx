import Link from "next/link";
import type { ReactNode } from "react";

const LINK = "inline-flex min-h-11 items-center rounded px-3 text-sm text-muted transition-colors hover:text-ink";

/** The top of the site's pages. `children` stands at the end of the line: the search of the docs. */
export function SiteHeader({ children, canRegister }: { children?: ReactNode; canRegister: boolean }) {
  return (
    <header className="sticky top-0 z-20 border-b bg-canvas print:hidden">
      <div className="mx-auto flex min-h-14 w-full max-w-7xl flex-wrap items-center gap-x-1 px-4 sm:px-6">
        <Link href="/" className="mr-2 inline-flex min-h-11 items-center gap-2 text-sm font-semibold whitespace-nowrap">
          <Mark />
          USDT gateway
        </Link>
        <nav aria-label="Site" className="flex flex-1 items-center">
          <Link href="/docs" className={LINK}>
            Docs
          </Link>
          <a href="/reference" className={`${LINK} max-sm:hidden`}>
            API reference
          </a>
          <span className="flex-1" />
          <a href="/login" className={LINK}>
            Log in
          </a>
          {canRegister && (
            <a
              href="/register"
              className="ml-1 inline-flex min-h-9 items-center rounded border border-line-strong bg-surface px-3 text-sm font-medium hover:bg-sunken max-sm:hidden"
            >
              Register
            </a>
          )}
        </nav>
        {children}
      </div>
    </header>
  );
}

function Mark() {
  return (
    // biome-ignore lint/performance/noImgElement: an icon of a few bytes needs no optimizing.
    <img src="/icon.svg" alt="" width={22} height={22} className="rounded-[5px]" />
  );
}
