/** Test and live: two worlds that never mix. */
export const MODES = ["test", "live"] as const;
export type Mode = (typeof MODES)[number];

export const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);
