/** The operator's reports on visitors: the query, the rows of the answer, and the format of days and times. Pure, except
 *  `readReport`. */

import { get } from "../../staff/api";
import { locale } from "../../ui";

export const BY = ["hour", "day", "week", "site", "category", "outcome", "language", "counselor"] as const;
export type By = (typeof BY)[number];

/** The first and the last day of a report, as typed ("2026-11-22"). The report includes the first and the last day. */
export interface Span {
  from: string;
  to: string;
}

/** The query of a report on visitors. `site` is "" for all sites. */
export interface Asked extends Span {
  by: By;
  site: string;
}

export interface ReportRow {
  /** The start of the row's hour, day or week. It is the reader's local time, converted to ms since 1970 as if it were UTC. Null
   *  if the row stands for something else, such as a site. */
  at: number | null;
  name: string;
  group: string[];
  offered: number;
  answered: number;
  given_up: number;
  messages: number;
  callbacks: number;
  service_level_percent: number | null;
  wait_mean_s: number | null;
  wait_p50_s: number | null;
  wait_p90_s: number | null;
  talk_mean_s: number | null;
  handle_mean_s: number | null;
  help_asked: number;
  help_joined: number;
  transfers_asked: number;
  transferred: number;
  rated: number;
  rating: number | null;
}

export interface Report {
  rows: ReportRow[];
  total: ReportRow;
}

const DAY_MS = 86_400_000;
export const MOST_DAYS = {
  hour: 62,
  day: 1100,
  week: 1100,
  site: 1100,
  category: 1100,
  outcome: 1100,
  language: 1100,
  counselor: 1100,
} as const;

/** Returns the local day of a time in the form in which days are typed, such as "2026-11-22". */
export function dayText(at: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Returns a span of `days` days that ends today. */
export function lastDays(days: number, now: Date): Span {
  const first = new Date(now);
  first.setDate(first.getDate() - days + 1);
  return { from: dayText(first), to: dayText(now) };
}

export type Wrong = "empty" | "order" | "long";

/** Returns what is wrong with the days that somebody has typed; null if nothing is wrong. `most`: the greatest number of days
 *  that a report can cover. */
export function wrongDays({ from, to }: Span, most: number): Wrong | null {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(begin) || Number.isNaN(end)) return "empty";
  if (end < begin) return "order";
  return (end - begin) / DAY_MS + 1 > most ? "long" : null;
}

/** Returns the query for a report on these days. The report includes the whole of its last day. */
export function spanQuery({ from, to }: Span, zone: string): URLSearchParams {
  const end = new Date(`${to}T00:00:00`);
  end.setDate(end.getDate() + 1);
  return new URLSearchParams({ from: String(new Date(`${from}T00:00:00`).getTime()), to: String(end.getTime()), zone });
}

/** Returns the query string of a report on visitors. */
export function reportQuery({ by, site, ...days }: Asked, zone: string): string {
  const query = spanQuery(days, zone);
  query.set("by", by);
  if (site !== "") query.set("site", site);
  return query.toString();
}

/** Returns the name of a row that stands for an hour, day or week, such as "Nov 23, 02:00 PM" for an hour. */
export function timeName(at: number, by: By, language: string): string {
  const zone = { timeZone: "UTC" } as const;
  if (by === "hour")
    return new Intl.DateTimeFormat(language, {
      ...zone,
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
    }).format(at);
  const day = new Intl.DateTimeFormat(language, { ...zone, year: "numeric", month: "short", day: "numeric", weekday: "short" });
  return by === "week" ? day.formatRange(at, at + 6 * DAY_MS) : day.format(at);
}

/** Returns the name of this browser's time zone, such as "Asia/Seoul". */
export const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

export const readReport = (asked: Asked) =>
  get(`/api/operator/reports?${reportQuery(asked, zoneHere())}&lang=${locale()}`) as Promise<Report>;
