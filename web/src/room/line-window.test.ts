import { expect, test } from "vitest";
import { AT_FIRST, grown, GROWS, MOST, moved, partAt, spanOf, STEP } from "./line-window";

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

test("a window grows on both sides until it is full, and only where there are lines", () => {
  expect(grown({ from: 4960, to: 5000 }, 5000)).toEqual({ from: 4960 - GROWS, to: 5000 });
  expect(grown({ from: 0, to: 40 }, 5000)).toEqual({ from: 0, to: 40 + GROWS });
  expect(grown({ from: 0, to: 40 }, 50)).toEqual({ from: 0, to: 50 });
  let span = { from: 2000, to: 2040 };
  for (let n = 0; n < 10; n++) {
    const before = span;
    span = grown(span, 5000);
    expect(span.from).toBeLessThanOrEqual(before.from);
    expect(span.to).toBeGreaterThanOrEqual(before.to);
  }
  expect(span.to - span.from).toBe(MOST);
});

test("a window shows the same lines after older or newer lines were added", () => {
  const lines = [1, 4, 5, 8, 9].map((seq) => ({ seq }));
  expect(spanOf({ first: 5, size: 2 }, lines)).toEqual({ from: 2, to: 4 });
  expect(spanOf({ first: 8, size: 40 }, lines)).toEqual({ from: 3, to: 5 });
  expect(spanOf({ first: 7, size: 2 }, lines)).toEqual({ from: 3, to: 5 });
  expect(spanOf({ first: null, size: 40 }, lines)).toEqual({ from: 0, to: 5 });
});

test("a conversation begins with few lines, and the reader's place is among them", () => {
  const lines = Array.from({ length: 1000 }, (_, i) => ({ seq: i + 1 }));
  expect(partAt(lines, Number.NaN)).toEqual({ first: null, size: AT_FIRST });
  expect(partAt(lines, 5000)).toEqual({ first: null, size: AT_FIRST });
  expect(partAt(lines, 990)).toEqual({ first: null, size: AT_FIRST });
  // if all lines are rendered from the start, `size` need not grow: it is MOST at once
  expect(partAt(lines.slice(0, AT_FIRST), Number.NaN)).toEqual({ first: null, size: MOST });
  for (const at of [1, 3, 100, 700, 960]) {
    const { from, to } = spanOf(partAt(lines, at), lines);
    expect(to - from).toBe(AT_FIRST);
    expect(lines.slice(from, from + 10)).toContainEqual({ seq: at });
  }
});
