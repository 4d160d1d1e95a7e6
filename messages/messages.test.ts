import { createTranslator } from "use-intl/core";
import { describe, expect, it } from "vitest";
import { LOCALES } from "@/lib/pay/locale";
import { MESSAGES } from ".";

type Tree = { [key: string]: string | Tree };

/** Every message by its path: `waiting.amount`. */
function flat(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

/** What is filled in: `{amount}`, `{minutes, plural …}`, `<time></time>`. */
function placeholders(message: string): string[] {
  const names = [...message.matchAll(/\{(\w+)(?=[,}])|<(\w+)>/g)].map(([, value, tag]) => value ?? `<${tag}>`);
  return [...new Set(names)].sort();
}

const english = flat(MESSAGES.en);
const plural = (message: string) => /\{(\w+), plural,((?:[^{}]|\{[^{}]*\})*)\}/.exec(message)?.[2] ?? "";

describe.each(LOCALES)("the messages in %s", (locale) => {
  const messages = flat(MESSAGES[locale]);

  it("are exactly the English ones", () => {
    expect([...messages.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("fill in the same values", () => {
    for (const [key, message] of messages) {
      expect(placeholders(message), key).toEqual(placeholders(english.get(key) ?? ""));
    }
  });

  it("have every plural form of their language, and no other", () => {
    const rules = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
    for (const [key, message] of messages) {
      if (!message.includes(", plural,")) continue;
      const forms = [...plural(message).matchAll(/(\w+) \{/g)].map(([, form]) => form ?? "");
      expect(forms.sort(), key).toEqual([...rules].sort());
    }
  });

  it("can all be formatted", () => {
    const errors: unknown[] = [];
    const t = createTranslator({ locale, messages: MESSAGES[locale], onError: (error) => errors.push(error) });
    for (const [key, message] of messages) {
      for (const count of [1, 2, 5, 21, 100]) {
        const values = Object.fromEntries(
          placeholders(message).map((name) =>
            name.startsWith("<")
              ? [name.slice(1, -1), () => "·"]
              : [name, /minutes|seconds|count/.test(name) ? count : "x"],
          ),
        );
        const text = t.markup(key as never, values as never);
        expect(text, key).not.toMatch(/[{}<>]/);
      }
    }
    expect(errors).toEqual([]);
  });

  it("are translated", () => {
    if (locale === "en") return;
    const same = [...messages].filter(([key, message]) => message === english.get(key) && /[a-z]{3}/i.test(message));
    // Words that are the same in both languages.
    expect(same.length, same.map(([key]) => key).join(", ")).toBeLessThanOrEqual(4);
  });
});
