/** The headings of the page that is read. */
export function DocsToc({ entries }: { entries: { id: string; text: string; depth: number }[] }) {
  // A long page lists its sections only.
  const shown = entries.length > 24 ? entries.filter((entry) => entry.depth === 2) : entries;
  return (
    <nav aria-label="On this page">
      <p className="text-xs font-medium text-muted">On this page</p>
      <ul className="mt-2 border-l">
        {shown.map(({ id, text, depth }) => (
          <li key={id}>
            <a
              href={`#${id}`}
              className={`-ml-px block border-l border-transparent py-1 text-[13px] leading-5 text-muted wrap-anywhere hover:border-ink hover:text-ink ${depth === 3 ? "pl-7" : "pl-4"}`}
            >
              {text}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
