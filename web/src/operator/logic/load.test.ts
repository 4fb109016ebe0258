import { beforeAll, describe, expect, it } from "vitest";
import { fill, setLocale } from "../../ui/i18n";
import words from "../en.json";
import { loadOf } from "./load";

const told = (texts: number, most_texts: number, calls: number, most_calls: number, absent = 0) =>
  loadOf({ sessions: texts + calls + absent, texts, most_texts, calls, most_calls })
    .map(({ key, ...counts }) => fill(words[key], counts))
    .join(", ");

describe("the load of a staff member", () => {
  beforeAll(() => setLocale("en"));
  it("says how many texts of how many, and whether they are in a call", () => {
    expect(told(2, 3, 1, 1)).toBe("2 of 3 texts, in a call");
    expect(told(0, 1, 0, 1)).toBe("0 of 1 text");
    expect(told(4, 3, 0, 1)).toBe("4 of 3 texts");
  });
  it("counts calls for who takes more than one, or has more than they take", () => {
    expect(told(0, 3, 1, 2)).toBe("0 of 3 texts, 1 of 2 calls");
    expect(told(1, 3, 2, 1)).toBe("1 of 3 texts, 2 of 1 call");
  });
  it("names sessions whose visitor has left the page", () => {
    expect(told(2, 3, 0, 1, 1)).toBe("2 of 3 texts, 1 left the page");
  });
  it("leaves out a medium that they do not take", () => {
    expect(told(0, 0, 0, 1)).toBe("0 of 1 call");
    expect(told(1, 3, 0, 0)).toBe("1 of 3 texts");
  });
});
