/** The languages of the pay page, English first: what is used when none of the visitor's is known. */
export const LOCALES = ["en", "es", "pt", "ru", "tr", "ar", "vi", "id", "zh-CN"] as const;
export type Locale = (typeof LOCALES)[number];

/** Each language in its own words, as the menu shows it. */
export const LOCALE_NAMES: Record<Locale, string> = {
  en: "English",
  es: "Español",
  pt: "Português",
  ru: "Русский",
  tr: "Türkçe",
  ar: "العربية",
  vi: "Tiếng Việt",
  id: "Bahasa Indonesia",
  "zh-CN": "简体中文",
};

export const directionOf = (locale: Locale): "ltr" | "rtl" => (locale === "ar" ? "rtl" : "ltr");

/** The cookie that remembers a choice. */
export const LOCALE_COOKIE = "pay-language";

/** One of ours for a language tag of any kind (`pt-BR`, `zh-Hant-TW`), or null. */
export function localeOf(tag: string | undefined): Locale | null {
  const [language = "", ...rest] = (tag ?? "").trim().toLowerCase().split(/[-_]/);
  // The old code of Indonesian, which some systems still send.
  const wanted = language === "in" ? "id" : [language, ...rest].join("-");
  const exact = LOCALES.find((locale) => locale.toLowerCase() === wanted);
  return exact ?? LOCALES.find((locale) => locale.toLowerCase().split("-")[0] === wanted.split("-")[0]) ?? null;
}

/**
 * The language to answer in: what was chosen, in the address or once before; else the visitor's best by Accept-Language; else
 * English.
 */
export function chooseLocale(chosen: readonly (string | undefined)[], acceptLanguage: string | undefined): Locale {
  for (const tag of chosen) {
    const locale = localeOf(tag);
    if (locale) return locale;
  }
  const accepted = (acceptLanguage ?? "")
    .slice(0, 1000)
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.split(";").map((text) => text.trim());
      const quality = Number(/^q=([\d.]+)$/.exec(parameters.find((text) => text.startsWith("q=")) ?? "q=1")?.[1] ?? 0);
      return { locale: localeOf(tag), quality };
    })
    .filter(({ locale, quality }) => locale && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return accepted[0]?.locale ?? "en";
}
