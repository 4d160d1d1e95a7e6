import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { env } from "@/lib/env";
import { expandGenerated } from "./generated";

/** A page of the documentation as it is written: Markdown with a small head. */
export type DocsSource = {
  /** Path under /docs; "" is the first page. */
  slug: string;
  title: string;
  description: string;
  section: string;
  order: number;
  /** Markdown, with what is generated put in and this gateway's own addresses. */
  markdown: string;
};

/** The order of sections in the navigation; one that is not named here comes after these. */
const SECTIONS = ["Start", "Guides", "API", "Operating"];

const FOLDER = path.join(/*turbopackIgnore: true*/ process.cwd(), "content", "docs");

let cached: DocsSource[] | undefined;

/**
 * Every page in reading order. Read once a process.
 * @throws Error naming the file whose head is not complete.
 */
export function docsSources(): DocsSource[] {
  cached ??= readdirSync(FOLDER)
    .filter((name) => name.endsWith(".md"))
    .map((name) => parseSource(name, readFileSync(path.join(FOLDER, name), "utf8")))
    .sort((a, b) => sectionRank(a) - sectionRank(b) || a.order - b.order || a.slug.localeCompare(b.slug));
  return cached;
}

/** Parses one file: `---`, lines of `name: value`, `---`, Markdown. */
export function parseSource(name: string, text: string): DocsSource {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text.replaceAll("\r\n", "\n"));
  const head = Object.fromEntries(
    (match?.[1] ?? "").split("\n").map((line) => {
      const at = line.indexOf(":");
      return [
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, "$1"),
      ];
    }),
  );
  const { title, description, section = "Operating", order = "100" } = head;
  if (!title || !description) throw new Error(`content/docs/${name} needs a head with title and description`);
  const slug = name.replace(/\.md$/, "").replace(/^index$/, "");
  const markdown = withOwnAddresses(expandGenerated(match?.[2] ?? ""));
  return { slug, title, description, section, order: Number(order), markdown };
}

/** Pages speak of gateway.example.com and pay.example.com/…; readers get the addresses of the gateway they read them on. */
function withOwnAddresses(markdown: string): string {
  const { appUrl, payUrl } = env();
  return markdown
    .replaceAll("https://gateway.example.com/pay", payUrl)
    .replaceAll("https://gateway.example.com", appUrl);
}

function sectionRank({ section }: DocsSource): number {
  const rank = SECTIONS.indexOf(section);
  return rank < 0 ? SECTIONS.length : rank;
}

/** Where a page is read. */
export const docsPath = (slug: string): string => (slug === "" ? "/docs" : `/docs/${slug}`);
