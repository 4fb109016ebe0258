import type { By, ReportRow } from "./report";
import { timeName } from "./report";
import { t } from "./texts";

const HEIGHT = 120;
const GAP = 0.2; // share of a bar's width that stays empty

/** Draws one bar for each span of time. The lower part of a bar shows the visitors who were served, and the upper part the other
 *  visitors. */
export function Chart({ rows, by, language }: { rows: ReportRow[]; by: By; language: string }) {
  const most = Math.max(...rows.map((row) => row.offered));
  if (rows.length < 2 || most === 0) return null;
  const high = (count: number) => (count / most) * HEIGHT;
  const ends = [rows[0], rows[rows.length - 1]].map((row) => timeName(row?.at ?? 0, by, language));
  return (
    <figure class="card report-chart">
      <figcaption class="dim">
        <span class="report-key report-key-answered">{t("chart.answered")}</span>
        <span class="report-key report-key-other">{t("chart.other")}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${rows.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("chart", { most, by: t(`by.${by}`) })}
      >
        {rows.map((row, n) => (
          <g key={row.at}>
            <title>{`${timeName(row.at ?? 0, by, language)}: ${row.answered} / ${row.offered}`}</title>
            <rect x={n} width={1} y={0} height={HEIGHT} class="report-hit" />
            <rect x={n} width={1 - GAP} y={HEIGHT - high(row.offered)} height={high(row.offered)} class="report-other" />
            <rect x={n} width={1 - GAP} y={HEIGHT - high(row.answered)} height={high(row.answered)} class="report-answered" />
          </g>
        ))}
      </svg>
      <p class="dim report-ends" aria-hidden="true">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </p>
    </figure>
  );
}
