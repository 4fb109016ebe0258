import { expect, test } from "vitest";
import { atCaret, matching, mentioned } from "./search";

const PEOPLE = [
  { id: "minsu", name: "김민수" },
  { id: "kim", name: "Kim" },
  { id: "jiwoo", name: "Kim Jiwoo" },
  { id: "ara", name: "Ara Lee" },
];
const ids = (query: string) => matching(PEOPLE, query).map(({ id }) => id);

test("a name begins with @ at the start of a word", () => {
  expect(atCaret("@", 1)).toEqual({ from: 0, query: "" });
  expect(atCaret("네 @민", 4)).toEqual({ from: 2, query: "민" });
  expect(atCaret("(@Kim Ji", 8)).toEqual({ from: 1, query: "Kim Ji" });
  for (const text of ["mail@shop.example", "@ ", "@@", "@a\n"]) expect(atCaret(text, text.length)).toBeNull();
});

test("colleagues are found by the parts of their name, also while a syllable is composed", () => {
  expect(ids("")).toEqual(["minsu", "kim", "jiwoo", "ara"]);
  expect(ids("kim")).toEqual(["kim", "jiwoo"]);
  expect(ids("lee")).toEqual(["ara"]);
  expect(ids("김미")).toEqual(["minsu"]);
  expect(ids("minsu")).toEqual(["minsu"]);
  expect(ids("x")).toEqual([]);
});

test("a line mentions each colleague whom it names, once", () => {
  expect(mentioned("@Kim Jiwoo 봐 주세요, @김민수님도. @Kim Jiwoo!", PEOPLE)).toEqual(["jiwoo", "minsu"]);
  expect(mentioned("@Kim, please", PEOPLE)).toEqual(["kim"]);
  expect(mentioned("@Kimberly and a@Kim and @nobody", PEOPLE)).toEqual([]);
  expect(mentioned("nothing", PEOPLE)).toEqual([]);
});
