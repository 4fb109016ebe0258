import type { ThresholdFigure, Trend, Wallboard } from "../messages";
import { clock } from "../staff/format";
import { levels, pathOf, pointsOf, valuesOf, type Level } from "./logic/levels";
import { t } from "./texts";

const WIDTH = 120;
const HEIGHT = 28;

const percent = (value: number) => `${Math.round(value)} %`;
const whole = (value: number) => String(Math.round(value));

/** The name and the number format of each figure that has a threshold. */
export const FIGURES = {
  waiting: { name: "live.waiting", hint: null, text: whole },
  longest_s: { name: "live.longest", hint: null, text: clock },
  level: { name: "live.level", hint: "live.level.hint", text: percent },
  left: { name: "live.left", hint: null, text: whole },
  poor: { name: "live.poor", hint: "live.poor.hint", text: whole },
} as const satisfies Record<ThresholdFigure, { name: string; hint: string | null; text: (value: number) => string }>;

/** Returns a sentence that says the range of a figure in the last two hours; "" if fewer than two points are known. */
function rangeOf(points: (number | null)[], text: (value: number) => string): string {
  const known = points.filter((value) => value !== null);
  if (known.length < 2) return "";
  return t("live.trend", { least: text(Math.min(...known)), most: text(Math.max(...known)) });
}

/** Draws the last two hours of a figure as a line. Screen readers read `label` instead, which says the numbers. */
function Sparkline({ points, label }: { points: (number | null)[]; label: string }) {
  const path = pathOf(points, WIDTH, HEIGHT);
  if (path === "") return null;
  return (
    <svg class="sparkline" viewBox={`-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

interface FigureProps {
  name: string;
  value: string;
  hint?: string | undefined;
  level?: Level;
  points?: (number | null)[] | null;
  text?: (value: number) => string;
}

function Figure({ name, value, hint = "", level = "", points = null, text = whole }: FigureProps) {
  const range = points === null ? "" : rangeOf(points, text);
  return (
    <div class={`figure-card card ${level === "" ? "" : `figure-${level}`}`} title={[hint, range].filter(Boolean).join("\n")}>
      <dt>{name}</dt>
      <dd style={{ "--characters": value.length }}>
        <span class="figure-value num">{value}</span>
        {level !== "" && <span class="visually-hidden">{t(`live.level.${level}`)}</span>}
        {points !== null && <Sparkline points={points} label={range} />}
      </dd>
    </div>
  );
}

/** The figures of the wallboard. A figure that has thresholds turns amber or red when its value reaches one of them. */
export function Figures({ board, trend, now }: { board: Wallboard; trend: Trend | null; now: number }) {
  const values = valuesOf(board, now);
  const grades = levels(values, board.thresholds ?? []);
  const rating = board.rating_today ?? null;
  const one = (figure: ThresholdFigure) => {
    const { name, hint, text } = FIGURES[figure];
    const value = values[figure];
    return (
      <Figure
        key={figure}
        name={t(name)}
        value={value === null ? "–" : text(value)}
        hint={hint === null ? undefined : t(hint)}
        level={grades[figure]}
        points={pointsOf(trend, figure)}
        text={text}
      />
    );
  };
  return (
    <dl class="figures" data-testid="figures">
      {one("waiting")}
      {one("longest_s")}
      {one("level")}
      {one("left")}
      <Figure name={t("live.served")} value={String(board.served_today ?? 0)} />
      {one("poor")}
      <Figure name={t("live.rating")} value={rating === null ? "–" : rating.toFixed(1)} />
    </dl>
  );
}
