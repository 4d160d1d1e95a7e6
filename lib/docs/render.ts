import rehypeSlug from "rehype-slug";
import rehypeStringify from "rehype-stringify";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified } from "unified";
import { type DocsSource, docsSources } from "./content";
import { type HtmlNode, highlight } from "./highlight";

/** A heading of a page: `depth` 2 or 3. */
export type TocEntry = { id: string; text: string; depth: number };

/** A page as it is shown. */
export type RenderedPage = Omit<DocsSource, "markdown" | "order"> & {
  html: string;
  toc: TocEntry[];
  /** The text under each heading, for the search; the first part has no heading. */
  parts: { id: string; heading: string; text: string }[];
};

const rendered = new Map<string, Promise<RenderedPage>>();

/** The page of a slug, rendered once a process; null where there is none. */
export async function renderPage(slug: string): Promise<RenderedPage | null> {
  const known = rendered.get(slug);
  if (known) return known;
  const source = docsSources().find((page) => page.slug === slug);
  if (!source) return null;
  const page = render(source);
  rendered.set(slug, page);
  return page;
}

/**
 * Renders one page. Headings get ids and links, code gets colours and copy buttons, wide tables scroll by themselves.
 * @param colour makes the HTML nodes of a piece of code.
 */
export async function render(
  { markdown, order: _order, ...page }: DocsSource,
  colour: typeof highlight = highlight,
): Promise<RenderedPage> {
  const toc: TocEntry[] = [];
  const parts = [{ id: "", heading: "", text: "" }];
  const processor = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkRehype)
    .use(rehypeSlug)
    .use(() => async (tree: unknown) => {
      const root = tree as HtmlNode;
      collect(root, toc, parts);
      const nodes: HtmlNode[] = [];
      for (const node of root.children ?? []) nodes.push(await dress(node, colour));
      let group = 0;
      root.children = joinTabs(nodes, () => ++group);
    })
    .use(rehypeStringify);
  return { ...page, html: String(await processor.process(markdown)), toc, parts };
}

/** A page without colours in its code: for whoever only needs its text and headings. */
export const renderPlain = (source: DocsSource) => render(source, async (code) => [{ type: "text", value: code }]);

/** One piece of code as HTML, dressed as in the docs. */
export async function codeHtml(code: string, language: string): Promise<string> {
  const page = { slug: "", title: "", description: "", section: "", order: 0 };
  return (await render({ ...page, markdown: `\`\`\`${language}\n${code}\n\`\`\`` })).html;
}

/** Plain text of a node. */
export function textOf(node: HtmlNode): string {
  return node.value !== undefined && node.type === "text" ? node.value : (node.children ?? []).map(textOf).join("");
}

const headingDepth = (node: HtmlNode) => Number(/^h([1-6])$/.exec(node.tagName ?? "")?.[1] ?? 0);

function collect(root: HtmlNode, toc: TocEntry[], parts: RenderedPage["parts"]): void {
  for (const node of root.children ?? []) {
    const depth = headingDepth(node);
    const id = String(node.properties?.id ?? "");
    if (depth === 2 || depth === 3) {
      toc.push({ id, text: textOf(node), depth });
      parts.push({ id, heading: textOf(node), text: "" });
    } else {
      const part = parts.at(-1);
      // Cells and items are words of their own.
      if (part) part.text += ` ${words(node)}`.replace(/\s+/g, " ");
    }
  }
}

const words = (node: HtmlNode): string =>
  node.type === "text" ? (node.value ?? "") : (node.children ?? []).map(words).join(node.tagName === "tr" ? " " : "");

const element = (tagName: string, properties: Record<string, unknown>, children: HtmlNode[]): HtmlNode => ({
  type: "element",
  tagName,
  properties,
  children,
});
const text = (value: string): HtmlNode => ({ type: "text", value });

/** What a page's own elements wear. */
async function dress(node: HtmlNode, colour: typeof highlight): Promise<HtmlNode> {
  const depth = headingDepth(node);
  if (depth > 1) {
    const id = String(node.properties?.id);
    const label = `Link to: ${textOf(node)}`;
    const link = element("a", { class: "anchor", href: `#${id}`, ariaLabel: label }, [text("#")]);
    return { ...node, children: [...(node.children ?? []), link] };
  }
  // What is narrow is stacked on a phone where its first column names things; any other table scrolls by itself.
  if (node.tagName === "table") {
    const isStacked = /^(Field|Variable|Command|Option|Endpoint|Reason)$/.test(firstHeading(node));
    return element("div", { class: isStacked ? "table stack" : "table", tabIndex: 0 }, [node]);
  }
  if (node.tagName === "pre") return codeBlock(node, colour);
  return node.tagName === "ul" ? withBoxes(node) : node;
}

/** The boxes of a checklist are drawn: one that cannot be ticked is no control. */
function withBoxes(node: HtmlNode): HtmlNode {
  if (node.tagName === "input") return element("span", { class: "box", ariaHidden: "true" }, []);
  return node.children ? { ...node, children: node.children.map(withBoxes) } : node;
}

function firstHeading(table: HtmlNode): string {
  const heading = (table.children ?? []).find((child) => child.tagName === "thead");
  return textOf(heading ?? { type: "root" })
    .trim()
    .split("\n")[0] as string;
}

/** What stands behind the language of a code fence: `tab="Node.js" file="shop.mjs" unchecked run`. */
export function fenceWords(meta: string | null | undefined): Record<string, string> {
  return Object.fromEntries(
    [...(meta ?? "").matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

async function codeBlock(pre: HtmlNode, colour: typeof highlight): Promise<HtmlNode> {
  const code = pre.children?.[0];
  const source = code ? textOf(code).replace(/\n$/, "") : "";
  const language = /language-(\S+)/.exec(String(code?.properties?.className ?? ""))?.[1] ?? "";
  const { file, tab, unchecked } = fenceWords(code?.data?.meta);
  const notes = [
    ...(file ? [element("span", { class: "file" }, [text(file)])] : []),
    ...(unchecked === undefined ? [] : [element("span", { class: "note" }, [text("Not run by our tests")])]),
  ];
  return element("figure", { class: "code", ...(tab ? { dataTab: tab } : {}) }, [
    ...(notes.length > 0 ? [element("figcaption", {}, notes)] : []),
    element("pre", { tabIndex: 0 }, [element("code", { dataLanguage: language }, await colour(source, language))]),
    element("button", { type: "button", class: "copy", ariaLabel: "Copy the code" }, [text("Copy")]),
  ]);
}

/** Code blocks that follow each other and name a tab become one block with tabs. They are radio buttons: no script needed. */
function joinTabs(nodes: HtmlNode[], nextGroup: () => number): HtmlNode[] {
  const joined: HtmlNode[] = [];
  let open: HtmlNode[] = [];
  const close = () => {
    if (open.length > 0) joined.push(tabs(open, `tabs-${nextGroup()}`));
    open = [];
  };
  for (const node of nodes) {
    if (node.properties?.dataTab) open.push(node);
    else if (node.type !== "text" || (node.value ?? "").trim() !== "") {
      close();
      joined.push(node);
    }
  }
  close();
  return joined;
}

function tabs(figures: HtmlNode[], name: string): HtmlNode {
  const names = figures.map((figure) => String(figure.properties?.dataTab));
  const switches = names.flatMap((label, i) => {
    const id = `${name}-${i + 1}`;
    return [
      element("input", { type: "radio", name, id, value: label, checked: i === 0 }, []),
      element("label", { htmlFor: id }, [text(label)]),
    ];
  });
  const panels = figures.map((figure, i) => element("div", { class: "panel", dataLabel: names[i] }, [figure]));
  return element("div", { class: "tabs", role: "group", ariaLabel: names.join(", ") }, [...switches, ...panels]);
}
