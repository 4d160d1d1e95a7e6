/** Times in the visitor's own time zone, named, in place of UTC. */
export function localTimes(): void {
  const show = () => {
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
      const date = time.dataset.local === "date";
      time.textContent = new Date(time.dateTime).toLocaleString(`${document.documentElement.lang}-u-nu-latn`, {
        hour: "2-digit",
        minute: "2-digit",
        timeZoneName: "short",
        ...(date ? { day: "numeric", month: "long", year: "numeric" } : {}),
      });
    }
  };
  show();
  document.addEventListener("pay:shown", show);
}
