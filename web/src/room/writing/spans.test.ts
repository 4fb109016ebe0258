import { expect, test } from "vitest";
import { aLine, aParticipant } from "../testing";
import { includes, namesReaders, spansOf } from "./spans";

const you = "me";
const lines = [
  aLine(1, { kind: "system", author: "" }),
  aLine(2),
  aLine(4), // the user does not get line 3, which was for staff
  aLine(5, { author: you }),
  aLine(6),
  aLine(7),
];
const spans = (seen: number[], fresh = seen) =>
  spansOf(lines, you, new Set(seen), new Set(fresh)).map(({ first, last }) => [first, last]);

test("only what was on the screen is read, with own and system lines between", () => {
  expect(spans([2])).toEqual([[1, 2]]);
  expect(spans([2, 4, 6, 7])).toEqual([[1, 7]]);
  expect(spans([7])).toEqual([[7, 7]]);
  expect(spans([2, 6])).toEqual([
    [1, 2],
    [5, 6],
  ]);
  expect(spans([])).toEqual([]);
});

test("a run is reported again only when it has grown", () => {
  expect(spans([2, 7], [7])).toEqual([[7, 7]]);
  expect(spans([2, 4], [4])).toEqual([[1, 5]]);
});

test("a mark includes its spans and nothing between them", () => {
  const mark = {
    participant: "",
    delivered: 9,
    read: [
      { first: 1, last: 2 },
      { first: 5, last: 6 },
    ],
  };
  expect([1, 2, 3, 5, 6, 7].map((seq) => includes(mark, seq))).toEqual([true, true, false, true, true, false]);
});

test("a line that only a guest has read names the guest, because the visitor has not read it", () => {
  const people = [aParticipant({ id: "u", role: "user" }), aParticipant({ id: "g", role: "guest" })];
  const by = (participant: string) => ({ participant, delivered: 1, read: [] });
  expect(namesReaders(people, [by("u")])).toBe(false);
  expect(namesReaders(people, [by("g")])).toBe(true);
  expect(namesReaders(people, [by("u"), by("g")])).toBe(true);
});
