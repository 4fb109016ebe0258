/** Formats the quality figures of a connection; "–" stands for an unknown figure. */

const UNKNOWN = "–";

export const kilobits = (bps: number | null | undefined): string =>
  bps == null ? UNKNOWN : Math.round(bps / 1000).toLocaleString("en");

/** Formats a percentage, with one decimal below ten. */
export const percent = (value: number | null | undefined): string =>
  value == null ? UNKNOWN : `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;

export const milliseconds = (value: number | null | undefined): string => (value == null ? UNKNOWN : `${Math.round(value)} ms`);
