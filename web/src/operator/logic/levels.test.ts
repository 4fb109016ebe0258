import { describe, expect, it } from "vitest";
import type { QueueItem, ThresholdItem, Wallboard } from "../../messages";
import { levelOf, levels, pathOf, pointsOf, valuesOf } from "./levels";

const waits = (since: number, kind: QueueItem["kind"] = "user"): QueueItem => ({
  session: `s-${since}`,
  category: "c",
  language: "ko",
  channel: "voice",
  since,
  kind,
  ringing: false,
  name: "",
  staff: "",
  staff_name: "",
});
const board = (change: Partial<Wallboard>): Wallboard => ({ type: "wallboard", now: 100_000, ...change });
const threshold = (figure: ThresholdItem["figure"], amber: number, red: number): ThresholdItem => ({ figure, amber, red });

describe("values", () => {
  it("counts users who wait, also those that are not listed, and no requests of staff", () => {
    const found = valuesOf(board({ waiting: [waits(40_000), waits(90_000), waits(1_000, "help")], more: 3 }), 100_000);
    expect(found.waiting).toBe(5);
    expect(found.longest_s).toBe(60);
  });

  it("knows nothing where nothing was measured", () => {
    expect(valuesOf(board({}), 100_000)).toEqual({ waiting: 0, longest_s: null, level: null, left: 0, poor: null });
  });
});

describe("levels", () => {
  it.each([
    [2, ""],
    [3, "amber"],
    [7.9, "amber"],
    [8, "red"],
    [null, ""],
  ])("grades %s waiting as %s", (value, wanted) => expect(levelOf(value, threshold("waiting", 3, 8))).toBe(wanted));

  it.each([
    [100, ""],
    [80, "amber"],
    [60, "red"],
    [0, "red"],
  ])("grades a service level of %s as %s", (value, wanted) => expect(levelOf(value, threshold("level", 80, 60))).toBe(wanted));

  it("grades each figure by its own threshold", () => {
    const values = { waiting: 9, longest_s: 10, level: 50, left: 5, poor: null };
    const all = [
      threshold("waiting", 3, 8),
      threshold("longest_s", 60, 180),
      threshold("level", 80, 60),
      threshold("left", 5, 15),
    ];
    expect(levels(values, all)).toEqual({ waiting: "red", longest_s: "", level: "red", left: "amber", poor: "" });
  });
});

describe("trend", () => {
  it("draws a line, with a gap where nothing is known", () => {
    expect(pathOf([0, 2, null, 4, 4], 40, 20)).toBe("M0.0 20.0L10.0 10.0M30.0 0.0L40.0 0.0");
    expect(pathOf([null, 4], 40, 20)).toBe("");
  });

  it("has none for poor calls", () => {
    const trend = { type: "trend" as const, ends_at: 0, every_ms: 60_000, waiting: [1, 2] };
    expect(pointsOf(trend, "waiting")).toEqual([1, 2]);
    expect(pointsOf(trend, "poor")).toBeNull();
    expect(pointsOf(null, "waiting")).toBeNull();
  });
});
