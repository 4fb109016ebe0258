import { expect, it } from "vitest";
import { whenText } from "./when";

const at = (text: string) => new Date(text).getTime();
const now = at("2026-11-24T20:30:00"); // a Tuesday

it.each([
  ["2026-11-24T21:00:00", "today 21:00", "오늘 21:00"],
  ["2026-11-25T00:05:00", "tomorrow 00:05", "내일 00:05"],
  ["2026-11-30T09:00:00", "Monday 09:00", "월요일 09:00"],
  ["2026-12-01T09:00:00", "Tue, Dec 1 09:00", "12월 1일 (화) 09:00"],
])("%s", (moment, english, korean) => {
  expect(whenText(at(moment), now, "en")).toBe(english);
  expect(whenText(at(moment), now, "ko")).toBe(korean);
});
