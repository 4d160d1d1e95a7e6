/**
 * The shape of a JSON value: what a client may rely on, without the values themselves. Objects keep their keys, lists keep
 * their length and order, texts become a format, numbers a kind; everything that is not hex, an address or a number of the
 * chain stays as it is, so error messages and enumerations are compared word by word.
 */
export type Shape = null | boolean | number | string | Shape[] | { [key: string]: Shape };

/** Longer hex is call data and the like, whose length is nobody's promise. */
const longestExactHex = 130;

/** The shape of a value as JSON.parse gives it. */
export function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return shapeOfNumber(value);
  if (typeof value === "string") return shapeOfText(value);
  if (Array.isArray(value)) return value.map(shapeOf);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

/** Times in ms are told apart from other numbers: a time in s would be a lie by a factor of 1000. */
function shapeOfNumber(value: number): string | number {
  if (value <= 0 || !Number.isInteger(value)) return value; // 0, and error codes.
  return value > 1e12 && value < 1e13 ? "time in ms" : "integer";
}

function shapeOfText(text: string): string {
  if (/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text)) return "T address";
  const block = /^Num:\d+,ID:0{8}[0-9a-f]{56}$/.test(text);
  if (block) return "Num:height,ID:block id";
  // Some answers were cut when they were recorded.
  const [, prefix = "", hex = "", cut] = /^(0x)?([0-9a-f]*)(…?)$/.exec(text) ?? [];
  if (prefix + hex === "" || text === "0x") return text;
  const name = (size: string) => `${prefix}hex ${size}`;
  if (cut) return name("data");
  if (/^0+$/.test(hex) && hex.length > 1)
    return hex.length > longestExactHex ? name("zeros") : `${name("zero ")}${hex.length}`;
  if (prefix === "0x" && /^(0|[1-9a-f][0-9a-f]{0,15})$/.test(hex)) return hex === "0" ? "0x0" : "0x quantity";
  if (prefix === "" && /^41[0-9a-f]{40}$/.test(hex)) return "41 address";
  const words = prefix === "" ? readable(hex) : null;
  if (words) return `hex of: ${words}`;
  if (hex.length % 2 === 1 || /^[0-9]{1,3}$/.test(hex)) return text;
  return hex.length > longestExactHex ? name("data") : name(String(hex.length));
}

/** The text behind hex, its numbers replaced; null when it is no text. */
function readable(hex: string): string | null {
  if (hex.length < 8 || hex.length % 2) return null;
  const text = Buffer.from(hex, "hex").toString("latin1");
  return /^[ -~]+$/.test(text) ? text.replace(/\d+/g, "N") : null;
}

/** Takes away what stands under these keys, at any depth. */
export function withoutKeys(shape: Shape, keys: readonly string[]): Shape {
  if (Array.isArray(shape)) return shape.map((one) => withoutKeys(one, keys));
  if (shape === null || typeof shape !== "object") return shape;
  const kept = Object.entries(shape).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutKeys(one, keys)]));
}
