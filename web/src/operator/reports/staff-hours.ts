/** The report on staff hours: the query, the rows of the answer, and the format of durations. Pure, except `readStaffHours`. */

import { get } from "../../staff/api";
import { locale } from "../../ui";
import { spanQuery, zoneHere, type Span } from "./report";

export const STAFF_BY = ["staff", "day", "week", "staff_day"] as const;
export type StaffBy = (typeof STAFF_BY)[number];

export interface StaffAsked extends Span {
  by: StaffBy;
}

/** The states in which a signed-in member of staff can be, in the order of the chart. */
export const STATES = ["busy", "wrap_up", "ready", "paused", "away"] as const;
export type State = (typeof STATES)[number];

export interface StaffRow extends Record<`${State}_s`, number> {
  /** The start of the row's day or week. It is the reader's local time, converted to ms since 1970 as if it were UTC. Null if the
   *  row is a sum over the whole period. */
  at: number | null;
  staff: string;
  name: string;
  signed_in_s: number;
  occupancy_percent: number | null;
}

export interface StaffReport {
  rows: StaffRow[];
  total: StaffRow;
}

export const MOST_STAFF_DAYS = { staff: 1100, day: 1100, week: 1100, staff_day: 62 } as const;

/** Formats a duration as hours and minutes, such as "7:05", rounded to minutes. */
export function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Returns, for each state of a row, the time in that state divided by the longest signed-in time of all rows: 0 to 1. */
export function parts(row: StaffRow, rows: StaffRow[]): { state: State; part: number }[] {
  const most = Math.max(1, ...rows.map((each) => each.signed_in_s));
  return STATES.map((state) => ({ state, part: row[`${state}_s`] / most }));
}

/** Returns the query string of a report on staff hours. */
export function staffQuery({ by, ...days }: StaffAsked, zone: string): string {
  const query = spanQuery(days, zone);
  query.set("by", by);
  return query.toString();
}

export const readStaffHours = (asked: StaffAsked) =>
  get(`/api/operator/reports/staff?${staffQuery(asked, zoneHere())}&lang=${locale()}`) as Promise<StaffReport>;
