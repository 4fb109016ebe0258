import { expect, it } from "vitest";
import { areSpots, fit, onPage, pointOf, spotIn } from "./marks";

it("points at the same part of an element on another screen", () => {
  const here = { left: 100, top: 50, width: 200, height: 40 };
  const spot = spotIn(here, 150, 60);
  expect(spot).toEqual({ x: 2500, y: 2500 });
  expect(pointOf({ left: 0, top: 10, width: 400, height: 80 }, spot)).toEqual({ x: 100, y: 30 });
  expect(pointOf(here, spotIn(here, 90, 200))).toEqual({ x: 90, y: 200 }); // outside of the box
});

it("finds the point of a page in its scaled picture", () => {
  const scale = fit({ width: 1600, height: 900 }, { width: 800, height: 800 });
  expect(scale).toBe(0.5);
  expect(onPage(400, 225, scale)).toEqual({ x: 800, y: 450 });
  expect(fit({ width: 390, height: 844 }, { width: 2000, height: 2000 })).toBe(1);
});

it("takes nothing but a bounded list of numbers for spots", () => {
  expect(areSpots([{ x: 1, y: -5 }])).toBe(true);
  for (const other of [
    null,
    {},
    [null],
    [{ x: "1", y: 2 }],
    [{ x: NaN, y: 0 }],
    [{ x: 1e9, y: 0 }],
    Array(65).fill({ x: 0, y: 0 }),
  ])
    expect(areSpots(other)).toBe(false);
});
