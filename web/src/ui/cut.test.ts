import { describe, expect, it } from "vitest";
import { clean, cut } from "./cut";
import { fitted } from "./fit";
import { initials } from "./initials";

const FAMILY = "👨‍👩‍👧‍👦";
const FLAG = "🇰🇷";

describe("cutting a text", () => {
  it("counts visible characters and leaves every one of them whole", () => {
    expect(cut("😀😀😀", 2)).toBe("😀😀");
    expect(cut("ab😀", 2)).toBe("ab");
    expect(cut("한국어", 9)).toBe("한국어");
    expect(cut(`a${FAMILY}${FLAG}é!`, 3)).toBe(`a${FAMILY}${FLAG}`);
    expect(cut(FLAG, 0)).toBe("");
  });

  it("bounds what is stacked on one character", () => {
    expect(cut("ab" + "e" + "\u0301".repeat(5_000), 4)).toBe("ab");
  });

  it("takes halves of emojis and U+0000 out, and nothing else", () => {
    expect(clean("a\ud83db\ude00c\0d")).toBe("abcd");
    expect(clean("\ude00\ud83d")).toBe("");
    expect(clean("👩‍👧 줄\n바꿈\t🇰🇷")).toBe("👩‍👧 줄\n바꿈\t🇰🇷");
  });
});

describe("a field that is full", () => {
  it("keeps what fits, though it has more UTF-16 units than characters", () => {
    const text = FAMILY.repeat(60);
    expect(fitted(text, text.length, 60)).toEqual([text, text.length]);
  });

  it("loses the end of what was typed or pasted, not what stood behind it", () => {
    expect(fitted("abcXYZdef", 6, 7)).toEqual(["abcXdef", 4]);
    expect(fitted(`ab${FAMILY}${FLAG}c`, 2 + FAMILY.length + FLAG.length, 4)).toEqual([`ab${FAMILY}c`, 2 + FAMILY.length]);
    expect(fitted("abcdef", 6, 3)).toEqual(["abc", 3]);
    expect(fitted("abcdef", 0, 3)).toEqual(["abc", 0]);
  });
});

describe("initials", () => {
  it.each([
    ["Minji Kim", "MK"],
    ["지민", "지민"],
    ["  jimin  ", "JI"],
    [`😀 ${FLAG}`, `😀${FLAG}`],
    [`${FAMILY}${FLAG}!`, `${FAMILY}${FLAG}`],
    ["", ""],
  ])("of %j are whole characters", (name, shown) => expect(initials(name)).toBe(shown));
});
