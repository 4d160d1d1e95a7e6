import { useTranslations } from "next-intl";
import { button } from "@/components/ui/button";
import { CheckIcon, CopyIcon } from "@/components/ui/icons";

/**
 * Copies `text` and says that it did (the page's script sets `data-result`). All labels hold their room, so nothing moves.
 * @param id stays the same while the page refreshes itself, so that the focus stays too.
 */
export function CopyButton({ id, text, label, copied }: { id: string; text: string; label: string; copied: string }) {
  const t = useTranslations("waiting");
  const layer = "col-start-1 row-start-1 inline-flex items-center justify-center gap-2";
  return (
    <button
      type="button"
      id={id}
      className={`${button.secondary} needs-script group w-full`}
      data-copy={text}
      data-copied={copied}
      data-failed={t("selectAndCopy")}
    >
      <span className="grid">
        <span className={`${layer} group-data-result:invisible`}>
          <CopyIcon />
          {label}
        </span>
        <span className={`${layer} invisible text-green group-data-[result=copied]:visible`} aria-hidden="true">
          <CheckIcon />
          {copied}
        </span>
        <span className={`${layer} invisible group-data-[result=failed]:visible`} aria-hidden="true">
          {t("selectAndCopy")}
        </span>
      </span>
    </button>
  );
}
