/** A merchant's colour, and the one of black and white that is read best on it. */
export type Accent = { color: string; ink: string };

const LIGHT = "#ffffff";
const DARK = "#000000";

/** @param color `#rrggbb`; null, or anything else: none. */
export function accentOf(color: string | null): Accent | null {
  if (!color || !/^#[0-9a-f]{6}$/i.test(color)) return null;
  return { color, ink: contrast(color, LIGHT) >= contrast(color, DARK) ? LIGHT : DARK };
}

/** WCAG 2's contrast of two colours, from 1 to 21. */
export function contrast(a: string, b: string): number {
  const [light = 1, dark = 1] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
