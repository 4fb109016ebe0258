import { expect, test } from "vitest";
import { kilobits, milliseconds, percent } from "./figures";

test("what is not known is not shown as nothing", () => {
  expect([kilobits(null), percent(undefined), milliseconds(null)]).toEqual(["–", "–", "–"]);
  expect([kilobits(0), percent(0), milliseconds(0)]).toEqual(["0", "0 %", "0 ms"]);
});

test("figures are as fine as they matter", () => {
  expect([kilobits(31_600), kilobits(2_412_000)]).toEqual(["32", "2,412"]);
  expect([percent(0.4), percent(9.96), percent(12.4)]).toEqual(["0.4 %", "10.0 %", "12 %"]);
  expect(milliseconds(34.5)).toBe("35 ms");
});
