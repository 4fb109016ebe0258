import { expect, test } from "vitest";
import { around, AT_FIRST, atFirst, MOST, moved, shifted, STEP } from "./line-window";

test("a window moves within its bounds and never grows", () => {
  let span = { from: 4700, to: 5000 };
  for (let n = 0; n < 100; n++) span = moved(span, -STEP, 5000);
  expect(span).toEqual({ from: 0, to: MOST });
  for (let n = 0; n < 100; n++) {
    span = moved(span, STEP, 5000);
    expect(span.to - span.from).toBe(MOST);
  }
  expect(span).toEqual({ from: 4700, to: 5000 });
});

test("after a move the lines that were seen are still there", () => {
  const before = { from: 2000, to: 2300 };
  expect(moved(before, -STEP, 5000)).toEqual({ from: 1900, to: 2200 });
  expect(moved(before, STEP, 5000)).toEqual({ from: 2100, to: 2400 });
});

test("a line is found in the middle of its window, or near an end", () => {
  expect(around(2500, 5000)).toEqual({ from: 2350, to: 2650 });
  expect(around(3, 5000)).toEqual({ from: 0, to: MOST });
  expect(around(4999, 5000)).toEqual({ from: 4700, to: 5000 });
  expect(around(2, 5)).toEqual({ from: 0, to: 5 });
});

test("a window shows the same lines after older ones came before them", () => {
  const lines = [1, 4, 5, 8, 9].map((seq) => ({ seq }));
  expect(shifted({ from: 0, to: 2 }, 5, lines)).toEqual({ from: 2, to: 4 });
  expect(shifted({ from: 0, to: 2 }, 1, lines)).toEqual({ from: 0, to: 2 });
  expect(shifted({ from: 0, to: 2 }, 7, lines)).toBeNull();
});

test("a conversation begins with few lines, with the reader's place among them if it is near enough", () => {
  const lines = Array.from({ length: 1000 }, (_, i) => ({ seq: i + 1 }));
  expect(atFirst(lines, Number.NaN)).toBe(AT_FIRST);
  expect(atFirst(lines, 5000)).toBe(AT_FIRST);
  expect(atFirst(lines, 990)).toBe(AT_FIRST);
  expect(atFirst(lines, 801)).toBe(200);
  expect(atFirst(lines, 701)).toBe(MOST);
  expect(atFirst(lines, 700)).toBeNull();
});
