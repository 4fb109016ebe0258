import { expect, test } from "vitest";
import { hours, parts, staffQuery, type StaffRow } from "./staff-hours";

const row = (times: Partial<StaffRow>): StaffRow => ({
  at: null,
  staff: "jimin",
  name: "Jimin",
  ready_s: 0,
  busy_s: 0,
  wrap_up_s: 0,
  paused_s: 0,
  away_s: 0,
  signed_in_s: 0,
  occupancy_percent: null,
  ...times,
});

test("times are hours and minutes", () => {
  expect([0, 29, 30, 3599, 3600, 90_061].map(hours)).toEqual(["0:00", "0:00", "0:01", "1:00", "1:00", "25:01"]);
});

test("the longest row fills the chart, and the others in proportion", () => {
  const long = row({ busy_s: 300, ready_s: 100, signed_in_s: 400 });
  const short = row({ paused_s: 100, signed_in_s: 100 });
  expect(parts(long, [long, short]).map(({ part }) => part)).toEqual([0.75, 0, 0.25, 0, 0]);
  expect(parts(short, [long, short]).find(({ state }) => state === "paused")?.part).toBe(0.25);
  expect(parts(row({}), [row({})]).every(({ part }) => part === 0)).toBe(true);
});

test("the query ends with the whole last day", () => {
  const query = new URLSearchParams(staffQuery({ from: "2026-11-23", to: "2026-11-29", by: "staff_day" }, "Asia/Seoul"));
  expect(Number(query.get("to"))).toBe(new Date(2026, 10, 30).getTime());
  expect([query.get("by"), query.get("zone")]).toEqual(["staff_day", "Asia/Seoul"]);
});
