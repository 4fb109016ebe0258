import { expect, it } from "vitest";
import { draftOf, type Hours, hoursOf, weekText, withClosed } from "./hours";

const HOURS: Hours = {
  timezone: "Asia/Seoul",
  week: { mon: ["09:00-12:00", "13:00-18:00"], tue: ["09:00-12:00", "13:00-18:00"], fri: ["22:00-24:00"] },
  days: { "12-25": [], "2026-12-24": ["09:00-12:00"] },
};

it("comes back from editing as it was, midnight too", () => {
  expect(draftOf(HOURS, "UTC").week.fri).toEqual([{ from: "22:00", to: "00:00" }]);
  expect(hoursOf(draftOf(HOURS, "UTC"))).toEqual(HOURS);
});

it("offers office hours on the operator's own clock where there are none", () => {
  const hours = hoursOf(draftOf(null, "Europe/Berlin"));
  expect(hours.timezone).toBe("Europe/Berlin");
  expect(hours.week).toEqual({
    mon: ["09:00-18:00"],
    tue: ["09:00-18:00"],
    wed: ["09:00-18:00"],
    thu: ["09:00-18:00"],
    fri: ["09:00-18:00"],
  });
});

it("leaves out an exception without a day", () => {
  const draft = draftOf(HOURS, "UTC");
  expect(hoursOf({ ...draft, days: [...draft.days, { day: "", spans: [] }] })).toEqual(HOURS);
});

it("says days that are alike together", () => {
  expect(weekText(HOURS, (day) => day)).toBe("mon–tue 09:00–12:00, 13:00–18:00 · fri 22:00–24:00");
});

it("adds holidays as closed days, and leaves days as they are that are there already", () => {
  const { days } = draftOf(HOURS, "UTC");
  const added = withClosed(days, ["2026-03-01", "2026-12-24", "2027-12-25"]);
  expect(added.map(({ day, spans }) => [day, spans.length])).toEqual([
    ["12-25", 0],
    ["2026-03-01", 0],
    ["2026-12-24", 1],
  ]);
});
