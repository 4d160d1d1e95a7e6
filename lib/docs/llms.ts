import { env } from "@/lib/env";
import { docsPath, docsSources } from "./content";

const SUMMARY =
  "Non-custodial USDT payments on Tron, Ethereum and BNB Smart Chain: a REST API, signed webhooks, a hosted pay page. " +
  "The gateway never holds keys or funds; customers pay straight into the merchant's wallet, told apart by exact amounts.";

/** llms.txt: what this is and where each page is, for programs that read. See https://llmstxt.org */
export function llmsIndex(): string {
  const { appUrl } = env();
  const sections = new Map<string, string[]>();
  for (const { section, slug, title, description } of docsSources()) {
    const lines = sections.get(section) ?? [];
    lines.push(`- [${title}](${appUrl}${docsPath(slug)}): ${description}`);
    sections.set(section, lines);
  }
  return [
    "# USDT gateway",
    `> ${SUMMARY}`,
    ...[...sections].map(([name, lines]) => `## ${name}\n\n${lines.join("\n")}`),
    `## Optional\n\n- [All pages in one](${appUrl}/llms-full.txt)\n- [OpenAPI 3.1 document](${appUrl}/api/v1/openapi.json)`,
    "",
  ].join("\n\n");
}

/** llms-full.txt: every page as Markdown. */
export function llmsFull(): string {
  const pages = docsSources().map(
    ({ title, description, slug, markdown }) =>
      `# ${title}\n\nSource: ${env().appUrl}${docsPath(slug)}\n\n${description}\n\n${markdown.trim()}\n`,
  );
  return [`> ${SUMMARY}`, ...pages].join("\n\n---\n\n");
}
