import { beforeAll, describe, expect, it } from "vitest";
import { ENDPOINTS } from "@/lib/api/endpoints";
import { openApiDocument } from "@/lib/api/openapi";
import { LIMITS } from "@/lib/api/rate-limit";
import { ENV_VARIABLES } from "@/lib/env";
import { ERROR_STATUS } from "@/lib/errors";
import { docsPath, docsSources, parseSource } from "./content";
import { llmsFull, llmsIndex } from "./llms";
import { type RenderedPage, render, renderPlain } from "./render";

/** The docs against what the gateway is: whatever is added without being documented fails here, by name. */

const page = (slug: string) => docsSources().find((source) => source.slug === slug)?.markdown ?? "";
const pages = new Map<string, RenderedPage>();
beforeAll(async () => {
  for (const source of docsSources()) pages.set(source.slug, await renderPlain(source));
});
const everything = docsSources()
  .map((source) => source.markdown)
  .join("\n");

describe("nothing is missing", () => {
  it("every endpoint has its section and a line in the list of endpoints", () => {
    for (const { name, method, path, summary } of ENDPOINTS) {
      const shown = `${method} /api/v1${path.replace(/:(\w+)/g, "{$1}")}`;
      expect(everything, `<!-- generated: endpoint ${name} --> on a page`).toContain(shown);
      expect(page("api")).toContain(`[${summary}]`);
    }
  });

  it("every field of every schema of the API is named", () => {
    const { components } = openApiDocument(ENDPOINTS) as unknown as {
      components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
    };
    const missing = Object.entries(components.schemas).flatMap(([schema, { properties = {} }]) =>
      Object.keys(properties)
        .filter((field) => !new RegExp(`[\`.]${field}\``).test(everything))
        .map((field) => `${schema}.${field}`),
    );
    expect(missing).toEqual([]);
  });

  it("every error code has a heading of its own, with cause and cure", () => {
    const ids = pages.get("errors")?.toc.map((entry) => entry.id);
    for (const code of Object.keys(ERROR_STATUS)) expect(ids).toContain(code);
  });

  it("every limit is told with its number", () => {
    for (const [name, limit] of Object.entries(LIMITS)) {
      expect(page("limits")).toMatch(new RegExp(`\\| ${limit} \\| \`${name}\``));
    }
  });

  it("every environment variable is told, and no other", () => {
    const told = new Set(
      [...page("self-hosting").matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \|/gm)].flatMap(([, cell = ""]) =>
        [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
      ),
    );
    expect(ENV_VARIABLES.filter((name) => !told.has(name) && name !== "NODE_ENV")).toEqual([]);
    expect([...told].filter((name) => !ENV_VARIABLES.includes(name ?? ""))).toEqual([]);
  });
});

describe("the pages", () => {
  const anchorsOf = (slug: string) => new Set(pages.get(slug)?.toc.map((entry) => entry.id));

  it("every link within the docs leads to a page, and every anchor to a heading", () => {
    const dead: string[] = [];
    for (const { slug } of docsSources()) {
      const html = pages.get(slug)?.html ?? "";
      for (const [, href = ""] of html.matchAll(/href="([^"]+)"/g)) {
        const [path = "", anchor] = href.split("#");
        if (path !== "" && !path.startsWith("/docs")) continue;
        const target = path === "" ? slug : path.replace(/^\/docs\/?/, "");
        if (!pages.has(target)) dead.push(`${docsPath(slug)} links to ${href}`);
        else if (anchor && !anchorsOf(target).has(anchor)) dead.push(`${docsPath(slug)} links to ${href}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it("no heading occurs twice on a page, no code fence is without a language, nothing is left to generate", () => {
    for (const { slug, markdown } of docsSources()) {
      const ids = pages.get(slug)?.toc.map((entry) => entry.id) ?? [];
      expect(ids, slug).toEqual([...new Set(ids)]);
      expect(markdown, slug).not.toContain("<!--");
      const opening = (markdown.match(/^```.*$/gm) ?? []).filter((_, i) => i % 2 === 0);
      for (const fence of opening) expect(fence, slug).toMatch(/^```\w/);
    }
  });

  it("code is coloured by classes, not by style attributes, which a page's policy may refuse", async () => {
    const source = parseSource("x.md", '---\ntitle: X\ndescription: X\n---\n```js\nconst a = "b"; // c\n```\n');
    const { html } = await render(source);
    expect(html).toContain('<span class="sk-keyword">const</span>');
    expect(html).toContain("sk-string");
    expect(html).not.toContain("style=");
  });

  it("a page without title or description is refused by name", () => {
    expect(() => parseSource("new.md", "---\ntitle: New\n---\nText")).toThrow("content/docs/new.md");
  });
});

describe("llms.txt", () => {
  it("names every page with its address and description; the full one holds their text", () => {
    for (const { slug, title, description, markdown } of docsSources()) {
      expect(llmsIndex()).toContain(`[${title}](http://localhost:3000${docsPath(slug)}): ${description}`);
      expect(llmsFull()).toContain(markdown.trim());
    }
  });
});
