import { describe, expect, it } from "vitest";
import { Seen } from "./seen";

const memory = (text: string | null = null) => {
  let kept = text;
  return { getItem: () => kept, setItem: (_: string, next: string) => void (kept = next) };
};

describe("what was in front of me", () => {
  it("survives a reload, and never goes back", () => {
    const storage = memory();
    const seen = new Seen(storage);
    seen.mark("a", 7);
    seen.mark("a", 3);
    expect(new Seen(storage).upTo("a")).toBe(7);
    expect(seen.upTo("b")).toBe(0);
  });
  it("keeps the fifty latest sessions", () => {
    const seen = new Seen(memory());
    for (let i = 0; i < 51; i++) seen.mark(`s${i}`, 1);
    expect([seen.upTo("s0"), seen.upTo("s50")]).toEqual([0, 1]);
  });
  it.each(["{", "7", '[["a"],["b","x"],3]'])("starts anew from %s", (stored) => {
    expect(new Seen(memory(stored)).upTo("a")).toBe(0);
  });
});
