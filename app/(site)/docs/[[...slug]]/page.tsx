import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { connection } from "next/server";
import { DocsLive } from "@/components/site/docs-live";
import { DocsNav } from "@/components/site/docs-nav";
import { DocsSearch } from "@/components/site/docs-search";
import { DocsToc } from "@/components/site/docs-toc";
import { SiteFooter } from "@/components/site/footer";
import { SiteHeader } from "@/components/site/header";
import "../docs.css";
import { docsPath, docsSources } from "@/lib/docs/content";
import { renderPage } from "@/lib/docs/render";
import { env } from "@/lib/env";

type Props = { params: Promise<{ slug?: string[] }> };

const slugOf = async ({ params }: Props) => ((await params).slug ?? []).join("/");

export async function generateMetadata(props: Props): Promise<Metadata> {
  await connection();
  const page = await renderPage(await slugOf(props));
  if (!page) return {};
  const { title, description, slug } = page;
  return {
    title: `${title} · USDT gateway`,
    description,
    metadataBase: new URL(env().appUrl),
    alternates: { canonical: docsPath(slug) },
    openGraph: { title, description, type: "article", siteName: "USDT gateway", url: docsPath(slug) },
  };
}

/** A page of the documentation: navigation, text, its headings, the pages before and after. */
export default async function DocsPage(props: Props) {
  // The addresses in the examples are this server's, known when it runs, not when it is built.
  await connection();
  const page = await renderPage(await slugOf(props));
  if (!page) notFound();
  const pages = docsSources().map(({ slug, title, section }) => ({ href: docsPath(slug), title, section }));
  const href = docsPath(page.slug);
  const at = pages.findIndex((entry) => entry.href === href);
  return (
    <>
      <SiteHeader canRegister={env().registration === "open"}>
        <DocsSearch />
      </SiteHeader>
      <div className="mx-auto grid w-full max-w-7xl gap-x-10 px-4 sm:px-6 lg:grid-cols-[13rem_minmax(0,1fr)] xl:grid-cols-[13rem_minmax(0,1fr)_13rem]">
        <div className="max-lg:hidden print:hidden">
          <div className="sticky top-14 max-h-[calc(100dvh-3.5rem)] overflow-y-auto py-8">
            <DocsNav pages={pages} current={href} />
          </div>
        </div>
        <details className="mt-4 rounded border bg-surface lg:hidden print:hidden">
          <summary className="flex min-h-11 cursor-pointer items-center px-4 text-sm font-medium">All pages</summary>
          <div className="px-1 pt-2">
            <DocsNav pages={pages} current={href} />
          </div>
        </details>
        <main className="min-w-0 pt-8 pb-16">
          <p className="text-sm text-muted">{page.section}</p>
          <h1 className="mt-1 text-3xl font-semibold tracking-tight">{page.title}</h1>
          <p className="mt-2 text-lg leading-7 text-muted">{page.description}</p>
          <DocsLive key={href} hasExamples={page.html.includes("test_YOUR_KEY")} />
          {/* biome-ignore lint/security/noDangerouslySetInnerHtml: our own Markdown, rendered by lib/docs. */}
          <article className="docs mt-6" dangerouslySetInnerHTML={{ __html: page.html }} />
          <nav aria-label="Pages before and after" className="mt-14 grid gap-3 sm:grid-cols-2 print:hidden">
            <Step page={pages[at - 1]} label="Before" />
            <Step page={pages[at + 1]} label="Next" />
          </nav>
        </main>
        <div className="max-xl:hidden print:hidden">
          <div className="sticky top-14 max-h-[calc(100dvh-3.5rem)] overflow-y-auto py-8">
            {page.toc.length > 1 && <DocsToc entries={page.toc} />}
          </div>
        </div>
      </div>
      <SiteFooter />
    </>
  );
}

function Step({ page, label }: { page: { href: string; title: string } | undefined; label: string }) {
  if (!page) return <span className="max-sm:hidden" />;
  return (
    <Link href={page.href} className="rounded border bg-surface px-4 py-3 hover:bg-sunken">
      <span className="block text-xs text-muted">{label}</span>
      <span className="text-sm font-medium">{page.title}</span>
    </Link>
  );
}
