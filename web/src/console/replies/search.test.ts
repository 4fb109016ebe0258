import { describe, expect, it } from "vitest";
import type { SavedReply } from "../../staff/replies/api";
import { found, slashAt, worthShowing } from "./search";

const reply = (title: string, text: string): SavedReply => ({
  id: title,
  shared: true,
  language: "",
  title,
  text,
  uses: 0,
  pictures: [],
});
const REPLIES = [
  reply("배송 안내", "이틀 걸려요. 반품은 따로 안내해 드려요."),
  reply("반품 방법", "상자에 넣어 보내 주세요."),
  reply("교환과 반품", "색상을 알려 주세요."),
  reply("Return", "Send it back in its BOX."),
];
const titles = (query: string) => found(REPLIES, query).map((one) => one.title);

describe("the search for a saved reply", () => {
  it("begins with a slash at the start of a word", () => {
    expect(slashAt("/", 1)).toEqual({ from: 0, query: "" });
    expect(slashAt("네, /반품", 6)).toEqual({ from: 3, query: "반품" });
    expect(slashAt("줄\n/a b", 6)).toEqual({ from: 2, query: "a b" });
    expect(slashAt("/반품 뒤", 3)).toEqual({ from: 0, query: "반품" });
    for (const text of ["1/2", "and/or", "/ ", "//", "https://shop", "/a\n"]) expect(slashAt(text, text.length)).toBeNull();
  });

  it("prefers the beginning of a title, then the title, then the text", () => {
    expect(titles("반품")).toEqual(["반품 방법", "교환과 반품", "배송 안내"]);
    expect(titles("box return")).toEqual(["Return"]);
    expect(titles("")).toHaveLength(4);
    expect(titles("환불")).toEqual([]);
  });

  it("finds a syllable while it is being composed", () => {
    expect(titles("반푸")[0]).toBe("반품 방법");
    expect(titles("반ㅍ")[0]).toBe("반품 방법");
  });

  it("gives way when words after a slash match nothing", () => {
    expect(worthShowing({ from: 0, query: "없음" }, [])).toBe(true);
    expect(worthShowing({ from: 0, query: "shrug it off" }, [])).toBe(false);
    expect(worthShowing(null, REPLIES)).toBe(false);
  });
});
