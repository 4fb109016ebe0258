import { describe, expect, test } from "vitest";
import { lastDays, MOST_DAYS, reportQuery, timeName, wrongDays, type Asked } from "./report";

const WEEK: Asked = { from: "2026-11-23", to: "2026-11-29", by: "day", site: "" };

describe("the days of a report", () => {
  test("the last seven days include today", () => {
    expect(lastDays(7, new Date(2026, 10, 29, 0, 30))).toEqual({ from: "2026-11-23", to: "2026-11-29" });
    expect(lastDays(1, new Date(2026, 2, 1, 23, 59))).toEqual({ from: "2026-03-01", to: "2026-03-01" });
  });

  test("wrong days are told apart", () => {
    expect(wrongDays(WEEK, MOST_DAYS.day)).toBeNull();
    expect(wrongDays({ ...WEEK, to: "" }, MOST_DAYS.day)).toBe("empty");
    expect(wrongDays({ ...WEEK, to: "2026-11-22" }, MOST_DAYS.day)).toBe("order");
    expect(wrongDays({ ...WEEK, from: "2026-09-28" }, MOST_DAYS.hour)).toBe("long");
    expect(wrongDays({ ...WEEK, from: "2026-09-29" }, MOST_DAYS.hour)).toBeNull();
  });

  test("the query ends with the whole last day", () => {
    const query = new URLSearchParams(reportQuery({ ...WEEK, site: "shop" }, "Asia/Seoul"));
    expect(Number(query.get("from"))).toBe(new Date(2026, 10, 23).getTime());
    expect(Number(query.get("to"))).toBe(new Date(2026, 10, 30).getTime());
    expect([query.get("by"), query.get("zone"), query.get("site")]).toEqual(["day", "Asia/Seoul", "shop"]);
  });
});

test("rows of a time are named in the reader's language", () => {
  const at = Date.UTC(2026, 10, 23, 14);
  expect(timeName(at, "hour", "en")).toContain("Nov 23");
  expect(timeName(at, "day", "ko")).toContain("11월 23일");
  expect(timeName(at, "week", "en")).toMatch(/Nov 23.*29/);
});
