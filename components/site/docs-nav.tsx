import Link from "next/link";

export type NavPage = { href: string; title: string; section: string };

/** Every page of the docs by section. */
export function DocsNav({ pages, current }: { pages: NavPage[]; current: string }) {
  const sections = [...new Set(pages.map((page) => page.section))];
  return (
    <nav aria-label="Documentation">
      {sections.map((section) => (
        <div key={section} className="mb-6">
          <p className="px-3 text-xs font-medium text-muted">{section}</p>
          <ul className="mt-1">
            {pages
              .filter((page) => page.section === section)
              .map(({ href, title }) => (
                <li key={href}>
                  <Link
                    href={href}
                    aria-current={href === current ? "page" : undefined}
                    className="flex min-h-8 items-center rounded px-3 text-sm text-muted hover:bg-sunken hover:text-ink aria-[current]:bg-sunken aria-[current]:font-medium aria-[current]:text-ink max-lg:min-h-11"
                  >
                    {title}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
