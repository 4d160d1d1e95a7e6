import { describe, expect, it } from "vitest";
import { accentOf, contrast } from "./accent";

describe("a merchant's colour", () => {
  it.each(["#ffffff", "#000000", "#ffd400", "#1f4fd8", "#777777", "#00ff00", "#ff0000", "#8a8a8a"])(
    "%s gets text that can be read on it (AA)",
    (color) => {
      const accent = accentOf(color);
      expect(contrast(color, accent?.ink ?? color)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it("is none where it is no colour: it stands in a style sheet", () => {
    for (const text of [null, "", "red", "#fff", "#12345g", "#123456;}body{display:none}"]) {
      expect(accentOf(text)).toBeNull();
    }
  });

  it("contrast is WCAG's", () => {
    expect(contrast("#ffffff", "#000000")).toBeCloseTo(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });
});
