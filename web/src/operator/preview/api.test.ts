import { expect, test } from "vitest";
import { rowsOf, type Figures } from "./api";

const WORDS = { percent: (value: string) => `${value}%`, none: "–" };
const figures = (part: Partial<Figures> = {}): Figures => ({
  came: 120,
  p50_s: 12.4,
  p90_s: 95,
  given_up_percent: 8.4,
  occupancy_percent: 71.6,
  ...part,
});

test("waits are clocks, shares are percent, and what nobody knows is a dash", () => {
  const rows = rowsOf(figures(), figures({ p50_s: null, occupancy_percent: null }), WORDS);
  expect(rows.map((row) => row.before)).toEqual(["120", "0:12", "1:35", "8%", "72%"]);
  expect(rows.map((row) => row.after)).toEqual(["120", "–", "1:35", "8%", "–"]);
});

test("a change within chance does not count as a difference", () => {
  const changed = rowsOf(figures(), figures({ p50_s: 13, p90_s: 60, given_up_percent: 8.9 }), WORDS);
  expect(changed.filter((row) => row.differs).map((row) => row.name)).toEqual(["p90"]);
});
