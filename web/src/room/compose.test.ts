import { describe, expect, it, test } from "vitest";
import { beginsGroup, isTooLong, sends, TypingSignal } from "./compose";

const enter = { key: "Enter", shiftKey: false, altKey: false, isComposing: false, keyCode: 13 };

describe("the message box", () => {
  it("sends with Enter, and makes a line with Shift+Enter", () => {
    expect(sends(enter)).toBe(true);
    expect(sends({ ...enter, shiftKey: true })).toBe(false);
    expect(sends({ ...enter, altKey: true })).toBe(false);
    expect(sends({ ...enter, key: "a" })).toBe(false);
  });

  it("leaves Enter to the input method while a syllable is composed, in Safari too", () => {
    expect(sends({ ...enter, isComposing: true })).toBe(false);
    expect(sends({ ...enter, keyCode: 229 })).toBe(false);
  });

  it("tells that one types at once, then every 3 s, and when it ends", () => {
    const signal = new TypingSignal();
    expect(signal.changed("ㅇ", 0)).toBe(true);
    expect(signal.changed("안", 100)).toBeNull();
    expect(signal.changed("안녕", 3100)).toBe(true);
    expect(signal.changed("", 3200)).toBe(false);
    expect(signal.ended()).toBeNull();
  });
});

describe("groups of lines", () => {
  const line = { author: "p1", audience: "all", at: 0 };
  it.each([
    [line, false],
    [{ ...line, author: "p2" }, true],
    [{ ...line, audience: "staff" }, true],
    [{ ...line, at: 300_001 }, true],
  ])("%j begins one: %s", (next, begins) => {
    expect(beginsGroup(line, next)).toBe(begins);
  });

  it("the first line always begins one", () => {
    expect(beginsGroup(undefined, line)).toBe(true);
  });
});

test("a line may have ten thousand visible characters, however many parts each has", () => {
  expect(isTooLong("가".repeat(10_000))).toBe(false);
  expect(isTooLong("👨‍👩‍👧‍👦".repeat(10_000))).toBe(false);
  expect(isTooLong("가".repeat(10_001))).toBe(true);
});
