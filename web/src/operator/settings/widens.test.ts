import { expect, test } from "vitest";
import { widensOf, widensText } from "./widens";

test("two numbers are the two waits", () => {
  expect(widensOf("15 30")).toEqual([15, 30]);
  expect(widensOf(" 15, 30 ")).toEqual([15, 30]);
  expect(widensText([15, 30])).toBe("15 30");
});

test("the server refuses any other text", () => {
  for (const text of ["15", "15 ", "15 3x", "1 2 3", "-1 5", "스물"]) expect(widensOf(text)).toEqual([-1, -1]);
});

test("an empty text stands for the parent's waits", () => {
  expect(widensOf(" ")).toBeNull();
  expect(widensText(null)).toBe("");
});
