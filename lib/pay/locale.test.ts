import { describe, expect, it } from "vitest";
import { chooseLocale, LOCALES, localeOf } from "./locale";

describe("the language of a pay page", () => {
  it.each([
    ["es-MX,es;q=0.9,en;q=0.8", "es"],
    ["fr-FR,fr;q=0.9,pt-BR;q=0.8,en;q=0.7", "pt"],
    ["zh-TW,zh;q=0.9", "zh-CN"],
    ["zh", "zh-CN"],
    ["in-ID", "id"],
    ["ar_EG", "ar"],
    ["en;q=0.1, ru;q=0.9", "ru"],
    ["vi;q=0, en", "en"],
    ["fr,de", "en"],
    ["*", "en"],
    ["", "en"],
    [";;;,,q=", "en"],
    [undefined, "en"],
  ])("for Accept-Language %j is %s", (header, locale) => {
    expect(chooseLocale([], header)).toBe(locale);
  });

  it("is the one that was chosen, if it is one of ours", () => {
    expect(chooseLocale(["tr", "es"], "ru")).toBe("tr");
    expect(chooseLocale([undefined, "es"], "ru")).toBe("es");
    expect(chooseLocale(["klingon", "../../x"], "ru")).toBe("ru");
  });

  it("knows each of its own names", () => {
    for (const locale of LOCALES) expect(localeOf(locale)).toBe(locale);
  });
});
