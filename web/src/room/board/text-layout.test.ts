import { describe, expect, it } from "vitest";
import { sizeOf, wrap } from "./text-layout";

const wide = (text: string) => Array.from(text).reduce((sum, one) => sum + (one.charCodeAt(0) > 0x2e80 ? 2 : 1), 0);

describe("a text", () => {
  it.each<[string, string, number, string[]]>([
    ["breaks at spaces", "the lens cap", 8, ["the lens", "cap"]],
    ["keeps Korean words whole", "렌즈 뚜껑을 열어요", 10, ["렌즈", "뚜껑을", "열어요"]],
    ["breaks between Chinese characters", "打开镜头盖", 4, ["打开", "镜头", "盖"]],
    ["cuts a word that is too long", "abcdefgh", 3, ["abc", "def", "gh"]],
    ["never cuts an emoji", "😀😀😀", 1, ["😀", "😀", "😀"]],
    ["keeps empty lines", "a\n\nb", 9, ["a", "", "b"]],
    ["has one line when it is empty", "", 9, [""]],
  ])("%s", (_, text, width, lines) => {
    expect(wrap(text, width, wide)).toEqual(lines);
  });

  it("ends, however long or narrow", () => {
    expect(wrap("x ".repeat(100_000), 0, wide).length).toBeLessThanOrEqual(300);
    expect(wrap("y".repeat(2000), 0, wide).length).toBeLessThanOrEqual(301);
  });

  it("is as narrow as its longest line", () => {
    expect(sizeOf("ab\nabc", 100, 10, (text) => text.length * 10)).toEqual({ width: 32, height: 26 });
  });
});
