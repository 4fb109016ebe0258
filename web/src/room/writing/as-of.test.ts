import { expect, test } from "vitest";
import { aLine } from "../testing";
import { asOf, linesAsOf } from "./as-of";

const line = aLine(1, {
  at: 100,
  text: "",
  change: "retracted",
  former: [
    { until: 200, text: "first", picture: "" },
    { until: 300, text: "second", picture: "" },
  ],
});

test.each([
  [99, null],
  [100, ["first", "", 0]],
  [199, ["first", "", 0]],
  [200, ["second", "edited", 1]],
  [300, ["", "retracted", 2]],
])("at %i the line is as it was then", (moment, shown) => {
  const then = asOf(line, moment);
  expect(then && [then.text, then.change, then.former.length]).toEqual(shown);
});

test("lines that were not written yet are not there", () => {
  const lines = [line, aLine(2, { at: 150 })];
  expect(linesAsOf(lines, 120).map((one) => one.seq)).toEqual([1]);
  expect(linesAsOf(lines, Infinity)).toBe(lines);
});
