import { expect, test } from "vitest";
import type { Line } from "../../messages";
import type { Item } from "./api";
import { daysOf, openText } from "./days";

const line = (seq: number, when: string) => ({ seq, at: new Date(when).getTime() }) as Line;
const item = (id: string, open: boolean, channel: Item["channel"]) => ({ id, open, channel }) as Item;

test("lines are grouped by the reader's day, in order", () => {
  const lines = [line(1, "2026-11-28T23:59:00"), line(2, "2026-11-29T00:00:00"), line(3, "2026-11-29T10:00:00")];
  expect(daysOf(lines).map((day) => day.lines.map(({ seq }) => seq))).toEqual([[1], [2, 3]]);
  expect(daysOf([])).toEqual([]);
});

test("the newest open conversation by text is the one to go on with", () => {
  const items = [item("call", true, "voice"), item("ended", false, "text"), item("new", true, "text"), item("old", true, "text")];
  expect(openText(items)?.id).toBe("new");
  expect(openText(items.slice(0, 2))).toBeUndefined();
});
