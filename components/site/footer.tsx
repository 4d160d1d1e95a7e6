import Link from "next/link";

const COLUMNS: { title: string; links: [label: string, href: string][] }[] = [
  {
    title: "Start",
    links: [
      ["Quick start", "/docs/quick-start"],
      ["How it works", "/docs/concepts"],
      ["Sandbox", "/docs/sandbox"],
      ["Going live", "/docs/going-live"],
    ],
  },
  {
    title: "Build",
    links: [
      ["API", "/docs/api"],
      ["Interactive reference", "/reference"],
      ["Webhooks", "/docs/webhooks"],
      ["SDK for Node.js", "/docs/sdk"],
    ],
  },
  {
    title: "Operate",
    links: [
      ["Self-hosting", "/docs/self-hosting"],
      ["Security", "/docs/security"],
      ["Admin commands", "/docs/admin"],
      ["State of this server", "/api/health"],
    ],
  },
  {
    title: "For programs",
    links: [
      ["OpenAPI 3.1", "/api/v1/openapi.json"],
      ["llms.txt", "/llms.txt"],
      ["llms-full.txt", "/llms-full.txt"],
    ],
  },
];

/** The end of the site's pages: where everything is. */
export function SiteFooter() {
  return (
    <footer className="border-t print:hidden">
      <div className="mx-auto grid w-full max-w-7xl grid-cols-2 gap-8 px-4 py-12 sm:grid-cols-4 sm:px-6">
        {COLUMNS.map(({ title, links }) => (
          <nav key={title} aria-label={title}>
            <p className="text-sm font-medium">{title}</p>
            <ul className="mt-2">
              {links.map(([label, href]) => (
                <li key={href}>
                  <FooterLink href={href}>{label}</FooterLink>
                </li>
              ))}
            </ul>
          </nav>
        ))}
      </div>
      <p className="mx-auto w-full max-w-7xl px-4 pb-10 text-sm text-muted sm:px-6">
        Free software under the MIT licence. It holds no keys and no money.
      </p>
    </footer>
  );
}

function FooterLink({ href, children }: { href: string; children: string }) {
  const className = "inline-flex min-h-8 items-center text-sm text-muted hover:text-ink";
  // Only pages are followed without loading; files and the reference are not pages.
  return href.startsWith("/docs") ? (
    <Link href={href} className={className}>
      {children}
    </Link>
  ) : (
    <a href={href} className={className}>
      {children}
    </a>
  );
}
