import { describe, expect, it } from "vitest";
import { contrast, legibleAccents, parseHex } from "./accent";

describe("a partner's accent", () => {
  it("keeps a colour that is legible already", () => {
    expect(legibleAccents("#1d5bc9")?.light).toBe("#1d5bc9");
  });

  it.each(["#ffe600", "#00ffcc", "#ffffff", "#000000", "#ff7f50"])("is legible on both grounds: %s", (hex) => {
    const accents = legibleAccents(hex);
    expect(contrast(parseHex(accents!.light)!, [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
    expect(contrast(parseHex(accents!.dark)!, [16, 19, 23])).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["#fee500", "#000000"],
    ["#0f5f57", "#ffffff"],
    ["#767676", "#ffffff"],
    ["#ff7f50", "#000000"],
  ])("fills areas as it is, with an ink that is legible on it: %s", (hex, ink) => {
    expect(legibleAccents(hex)?.ink).toBe(ink);
    expect(contrast(parseHex(hex)!, parseHex(ink)!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["", "red", "#fff", "#12345g", "url(x)"])("refuses what is no colour: %s", (text) => {
    expect(legibleAccents(text)).toBeNull();
  });
});
