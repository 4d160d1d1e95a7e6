import { docsSources } from "@/lib/docs/content";
import { fenceWords } from "@/lib/docs/render";

/** A piece of code on a page of the documentation. `words`: what stands behind its language, such as `file` and `run`. */
export type CodeBlock = { slug: string; language: string; words: Record<string, string>; code: string };

/** Every piece of code of a page, or of all pages, in order: what readers see is what the tests run. */
export function codeBlocks(slug?: string): CodeBlock[] {
  return docsSources()
    .filter((page) => slug === undefined || page.slug === slug)
    .flatMap((page) =>
      [...page.markdown.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```$/gm)].map(
        ([, language = "", meta = "", code = ""]) => ({ slug: page.slug, language, words: fenceWords(meta), code }),
      ),
    );
}

/** The piece of code that is shown as a file. */
export function codeOfFile(slug: string, file: string): string {
  const found = codeBlocks(slug).find((block) => block.words.file === file);
  if (!found) throw new Error(`/docs/${slug} shows no ${file}`);
  return found.code;
}
