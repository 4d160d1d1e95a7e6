import { createCssVariablesTheme, createHighlighterCoreSync } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import bash from "shiki/langs/bash.mjs";
import csharp from "shiki/langs/csharp.mjs";
import go from "shiki/langs/go.mjs";
import http from "shiki/langs/http.mjs";
import ini from "shiki/langs/ini.mjs";
import java from "shiki/langs/java.mjs";
import javascript from "shiki/langs/javascript.mjs";
import json from "shiki/langs/json.mjs";
import nginx from "shiki/langs/nginx.mjs";
import php from "shiki/langs/php.mjs";
import python from "shiki/langs/python.mjs";
import ruby from "shiki/langs/ruby.mjs";
import typescript from "shiki/langs/typescript.mjs";
import yaml from "shiki/langs/yaml.mjs";

/** A node of the HTML tree, as far as we look at it. */
export type HtmlNode = {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  data?: { meta?: string | null };
  children?: HtmlNode[];
};

const THEME = "tokens";
let highlighter: ReturnType<typeof createHighlighterCoreSync> | undefined;

/**
 * The lines of a piece of code as HTML nodes. Colours are class names, not style attributes, which a strict policy refuses.
 * A language that is not known stays plain.
 */
export function highlight(code: string, language: string): HtmlNode[] {
  highlighter ??= createHighlighterCoreSync({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: "--sk-", fontStyle: false })],
    langs: [bash, csharp, go, http, ini, java, javascript, json, nginx, php, python, ruby, typescript, yaml].flat(),
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  if (!highlighter.getLoadedLanguages().includes(language)) return [{ type: "text", value: code }];
  const tree = highlighter.codeToHast(code, { lang: language, theme: THEME }) as unknown as HtmlNode;
  const lines = tree.children?.[0]?.children?.[0]?.children ?? [];
  return lines.flatMap((line) => (line.type === "text" ? [line] : (line.children ?? []).map(withClass)));
}

function withClass(node: HtmlNode): HtmlNode {
  const token = /--sk-token-([a-z-]+)/.exec(String(node.properties?.style ?? ""))?.[1];
  if (!token) return node.children?.[0] ?? { type: "text", value: "" };
  return { ...node, properties: { class: `sk-${token}` } };
}
