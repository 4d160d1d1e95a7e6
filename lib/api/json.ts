import { parseTree } from "jsonc-parser";

/**
 * JSON in and out without losing what a JavaScript value cannot hold: the digits of a number and the order of an object's
 * keys (`{"b":1,"2":2}` comes back from JSON.parse with "2" first).
 */

/** A JSON value kept as text, printed as it is. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** A JSON number as it was written. */
export class NumberText {
  constructor(readonly text: string) {}
}

const WHITE_SPACE_OUTSIDE_STRINGS = /("(?:[^"\\]|\\.)*")|\s+/g;

/**
 * Parses a request's body. In the top-level fields `exact`, a number becomes a NumberText and an object or array a RawJson
 * without insignificant white space.
 * @returns null where the text is no JSON, or nested too deeply to be handled.
 */
export function parseJson(text: string, exact: readonly string[]): { value: unknown } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { value };
    const fields = value as Record<string, unknown>;
    const wanted = exact.filter(
      (name) => typeof fields[name] === "number" || (typeof fields[name] === "object" && fields[name] !== null),
    );
    if (wanted.length === 0) return { value };
    const tree = parseTree(text);
    for (const name of wanted) {
      // JSON.parse takes the last of several equal keys.
      const properties = tree?.children?.filter((property) => property.children?.[0]?.value === name);
      const node = properties?.at(-1)?.children?.[1];
      if (!node) continue;
      const source = text.slice(node.offset, node.offset + node.length);
      fields[name] =
        node.type === "number"
          ? new NumberText(source)
          : new RawJson(source.replace(WHITE_SPACE_OUTSIDE_STRINGS, "$1"));
    }
    return { value };
  } catch {
    return null;
  }
}

// No input can contain it: it is made anew for each process and never leaves it.
const MARK = `raw-${crypto.randomUUID()}-`;
const MARKS = new RegExp(`"${MARK}(\\d+)"`, "g");

/** Prints a response: like JSON.stringify, with each RawJson as its own text. */
export function printJson(value: unknown): string {
  const raw: string[] = [];
  const text = JSON.stringify(value, (_key, entry) => {
    if (!(entry instanceof RawJson)) return entry;
    raw.push(entry.text);
    return `${MARK}${raw.length - 1}`;
  });
  if (raw.length === 0) return text;
  return text.replace(MARKS, (_match, i: string) => raw[Number(i)] ?? "null");
}
