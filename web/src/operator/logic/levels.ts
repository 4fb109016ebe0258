/** Computes the wallboard's figures and grades each of them. Pure. */
import type { ThresholdFigure, ThresholdItem, Trend, Wallboard } from "../../messages";

export type Level = "" | "amber" | "red";

/** The values of the five figures that have a threshold; null while there is nothing to measure. */
export type Values = Record<ThresholdFigure, number | null>;

export const THRESHOLD_FIGURES = ["waiting", "longest_s", "level", "left", "poor"] as const;

export function valuesOf(board: Wallboard, now: number): Values {
  const users = (board.waiting ?? []).filter((one) => one.kind === "user");
  const graded = (board.sessions ?? []).filter((one) => one.quality !== null);
  return {
    waiting: users.length + (board.more ?? 0),
    longest_s: users.length > 0 ? Math.max(0, (now - Math.min(...users.map((one) => one.since))) / 1000) : null,
    level: board.service_level_percent ?? null,
    left: board.left_today ?? 0,
    poor: graded.length > 0 ? graded.filter((one) => one.quality === "poor").length : null,
  };
}

/** Grades a figure: "red", "amber", or "" for a good or unknown value. Low values of the service level are bad; high values of
 *  all other figures are bad. */
export function levelOf(value: number | null, threshold: ThresholdItem | undefined): Level {
  if (value === null || threshold === undefined) return "";
  const reached = (limit: number) => (threshold.figure === "level" ? value <= limit : value >= limit);
  return reached(threshold.red) ? "red" : reached(threshold.amber) ? "amber" : "";
}

export function levels(values: Values, thresholds: ThresholdItem[]): Record<ThresholdFigure, Level> {
  const of = (figure: ThresholdFigure) =>
    levelOf(
      values[figure],
      thresholds.find((one) => one.figure === figure),
    );
  return { waiting: of("waiting"), longest_s: of("longest_s"), level: of("level"), left: of("left"), poor: of("poor") };
}

/** Returns the values of a figure in the last two hours, the oldest first; null for a figure without a trend. */
export function pointsOf(trend: Trend | null, figure: ThresholdFigure): (number | null)[] | null {
  if (trend === null || figure === "poor") return null;
  return trend[figure] ?? null;
}

/** Returns the `d` of an SVG path through the points, in a box of `width` × `height`. A null leaves a gap. Returns "" for
 *  fewer than two points. */
export function pathOf(points: (number | null)[], width: number, height: number): string {
  const known = points.filter((value) => value !== null);
  if (known.length < 2) return "";
  const top = Math.max(...known, 1);
  const step = width / (points.length - 1);
  let pen = "M";
  return points
    .map((value, n) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${(n * step).toFixed(1)} ${(height - (value / top) * height).toFixed(1)}`;
      pen = "L";
      return point;
    })
    .join("");
}
