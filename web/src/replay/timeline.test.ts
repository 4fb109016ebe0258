import { expect, test } from "vitest";
import { length, momentAt, near, plays, positionOf, type Piece } from "./timeline";

const pieces: Piece[] = [
  [1000, 4000],
  [60_000, 62_000],
];

test("the bar is as long as what is recorded, without the gap", () => {
  expect(length(pieces)).toBe(5000);
  expect(length([])).toBe(0);
});

test("a position is a moment and back again", () => {
  for (const [position, moment] of [
    [0, 1000],
    [2999, 3999],
    [3000, 60_000],
    [4500, 61_500],
  ] as const) {
    expect(momentAt(pieces, position)).toBe(moment);
    expect(positionOf(pieces, moment)).toBe(position);
  }
});

test("what lies outside is brought to the nearest that is recorded", () => {
  expect(momentAt(pieces, -5)).toBe(1000);
  expect(momentAt(pieces, 9999)).toBe(62_000);
  expect(positionOf(pieces, 0)).toBe(0);
  expect(positionOf(pieces, 30_000)).toBe(3000);
  expect(positionOf(pieces, 99_999)).toBe(5000);
});

test("tracks are fetched a little before they play", () => {
  const track = { began: 10_000, ended: 20_000 };
  expect(near([track], 6000)).toEqual([]);
  expect(near([track], 7500)).toEqual([track]);
  expect(plays(track, 7500)).toBe(false);
  expect(plays(track, 10_000)).toBe(true);
  expect(near([track], 20_000)).toEqual([]);
});
