import { useTranslations } from "next-intl";
import { directionOf, LOCALE_NAMES, LOCALES, type Locale } from "@/lib/pay/locale";

/** Every language in its own words, as links: it works without JavaScript, and the choice is in the address. */
export function LanguageMenu({ locale, path }: { locale: Locale; path: string }) {
  const t = useTranslations("page");
  return (
    <details className="mt-6 text-sm text-muted">
      <summary className="mx-auto flex min-h-11 w-fit cursor-pointer items-center gap-1 px-3">
        <span className="sr-only">{t("language")}: </span>
        <span lang={locale}>{LOCALE_NAMES[locale]}</span>
        <span aria-hidden="true" className="text-xs">
          ▾
        </span>
      </summary>
      <ul className="mt-1 grid grid-cols-2 gap-1 sm:grid-cols-3">
        {LOCALES.map((entry) => (
          <li key={entry}>
            <a
              className="flex min-h-11 items-center justify-center rounded px-2 text-ink hover:bg-sunken aria-[current]:font-semibold"
              href={`${path}?lang=${entry}`}
              hrefLang={entry}
              lang={entry}
              dir={directionOf(entry)}
              aria-current={entry === locale ? "true" : undefined}
            >
              {LOCALE_NAMES[entry]}
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}
