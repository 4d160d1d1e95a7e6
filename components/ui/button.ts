const BASE =
  "inline-flex min-h-11 items-center justify-center gap-2 rounded px-4 text-sm font-medium transition-colors cursor-pointer";

/** The classes of a button or of a link that looks like one. A page has one `primary`. */
export const button = {
  primary: `${BASE} bg-accent text-accent-ink hover:opacity-90`,
  secondary: `${BASE} border border-line-strong bg-surface text-ink hover:bg-sunken`,
};
