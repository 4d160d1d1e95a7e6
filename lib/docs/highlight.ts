import { setImmediate } from "node:timers/promises";
import { createCssVariablesTheme, createHighlighterCoreSync, type LanguageRegistration } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import bash from "shiki/langs/bash.mjs";
import csharp from "shiki/langs/csharp.mjs";
import go from "shiki/langs/go.mjs";
import html from "shiki/langs/html.mjs";
import http from "shiki/langs/http.mjs";
import ini from "shiki/langs/ini.mjs";
import java from "shiki/langs/java.mjs";
import javascript from "shiki/langs/javascript.mjs";
import json from "shiki/langs/json.mjs";
import nginx from "shiki/langs/nginx.mjs";
import php from "shiki/langs/php.mjs";
import python from "shiki/langs/python.mjs";
import ruby from "shiki/langs/ruby.mjs";
import sql from "shiki/langs/sql.mjs";
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

/** By the word behind a code fence. */
const GRAMMARS: Record<string, LanguageRegistration[]> = {
  sh: bash,
  csharp,
  go,
  html,
  http,
  ini,
  java,
  js: javascript,
  json,
  nginx,
  php,
  python,
  ruby,
  sql,
  ts: typescript,
  yaml,
};

const THEME = "tokens";
let highlighter: ReturnType<typeof createHighlighterCoreSync> | undefined;

/**
 * A piece of code as HTML nodes. Colours are class names, not style attributes, which a strict policy refuses. A language that
 * is not known stays plain. A grammar is read when it is first needed, which takes a moment: others get their turn before it.
 */
export async function highlight(code: string, language: string): Promise<HtmlNode[]> {
  const grammar = GRAMMARS[language];
  if (!grammar) return [{ type: "text", value: code }];
  await setImmediate();
  highlighter ??= createHighlighterCoreSync({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: "--sk-", fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  highlighter.loadLanguageSync(grammar);
  // Without a time limit: a busy machine must not leave code half coloured for good.
  const options = { lang: language, theme: THEME, tokenizeTimeLimit: 0 };
  const tree = highlighter.codeToHast(code, options) as unknown as HtmlNode;
  const lines = tree.children?.[0]?.children?.[0]?.children ?? [];
  return lines.flatMap((line) => (line.type === "text" ? [line] : (line.children ?? []).map(withClass)));
}

function withClass(node: HtmlNode): HtmlNode {
  const token = /--sk-token-([a-z-]+)/.exec(String(node.properties?.style ?? ""))?.[1];
  if (!token) return node.children?.[0] ?? { type: "text", value: "" };
  return { ...node, properties: { class: `sk-${token}` } };
}
