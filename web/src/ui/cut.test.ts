import { describe, expect, it } from "vitest";
import { clean, cut } from "./cut";

describe("cutting a text", () => {
  it("counts characters and not units, and leaves every emoji whole", () => {
    expect(cut("😀😀😀", 2)).toBe("😀😀");
    expect(cut("ab😀", 2)).toBe("ab");
    expect(cut("한국어", 9)).toBe("한국어");
  });

  it("takes halves of emojis and U+0000 out, and nothing else", () => {
    expect(clean("a\ud83db\ude00c\0d")).toBe("abcd");
    expect(clean("\ude00\ud83d")).toBe("");
    expect(clean("👩‍👧 줄\n바꿈\t🇰🇷")).toBe("👩‍👧 줄\n바꿈\t🇰🇷");
  });
});
