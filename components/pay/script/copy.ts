/** Buttons with `data-copy` copy it, show that they did (`data-result`) and say so. */
export function copyButtons(): void {
  const timers = new WeakMap<Element, number>();
  const say = (text: string) => {
    const said = document.getElementById("pay-said");
    if (said) said.textContent = text;
  };
  /** For pages without https and browsers inside apps, where the clipboard is closed. */
  const copyBySelection = (text: string): boolean => {
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      area.remove();
    }
  };
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (!button) return;
    const text = button.dataset.copy ?? "";
    let done = false;
    try {
      // There is no clipboard at all on a page without https.
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = copyBySelection(text);
      button.focus();
    }
    button.dataset.result = done ? "copied" : "failed";
    say((done ? button.dataset.copied : button.dataset.failed) ?? "");
    clearTimeout(timers.get(button));
    timers.set(
      button,
      window.setTimeout(() => {
        delete button.dataset.result;
        say("");
      }, 2500),
    );
  });
}
