import { expect, test } from "vitest";
import { PageHistory, readPage, type Shown } from "./page-history";

const KEPT: Shown[] = [
  { at: 10, seen_by: ["jimin"] },
  { at: 20, data: "snap-", first: true, more: true },
  { at: 21, data: "shot1", first: true },
  { at: 30, data: "change1" },
  { at: 40, data: "half", first: true, more: true },
  { at: 41, data: "" },
  { at: 50, data: "shot2", first: true },
  { at: 60, data: "change2" },
  { at: 70, seen_by: [] },
];
const file = (lines: Shown[]) => `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
const data = (history: PageHistory, until: number) => {
  const { anew, parts } = history.to(until);
  return [anew, ...parts.map((part) => part.data)];
};

test("a replay applies what came since the moment before it", () => {
  const history = new PageHistory(readPage(file(KEPT)));
  expect(data(history, 15)).toEqual([false, ""]);
  expect(data(history, 30)).toEqual([true, "snap-", "shot1", "change1"]);
  expect(data(history, 45)).toEqual([false, "half", ""]);
  expect(data(history, 60)).toEqual([true, "shot2", "change2"]);
});

test("a jump begins at the last whole snapshot, forward and back", () => {
  const history = new PageHistory(readPage(file(KEPT)));
  expect(data(history, 65)).toEqual([true, "shot2", "change2"]);
  expect(data(history, 40)).toEqual([true, "snap-", "shot1", "change1", "half"]);
  expect(data(history, 5)).toEqual([true]);
});

test("a replay says who saw the page, and when nobody did", () => {
  const history = new PageHistory(readPage(file(KEPT)));
  expect(history.to(5).seenBy).toEqual([]);
  expect(history.to(69).seenBy).toEqual(["jimin"]);
  expect(history.to(70).seenBy).toEqual([]);
});

test("a file that was cut off shows the page up to its last line", () => {
  const cut = `${file(KEPT.slice(0, 4))}{"at":35,"da`;
  const history = new PageHistory(readPage(cut));
  expect(history.to(29).seenBy).toEqual(["jimin"]);
  expect(history.to(31).seenBy).toEqual([]);
});

test("a second stretch shows nothing of the first, nor of what comes later", () => {
  const cut = file(KEPT.slice(0, 2)); // the recording stopped in the middle of a snapshot
  const later = file([
    { at: 50, seen_by: ["jimin"] },
    { at: 60, data: "snap-", first: true, more: true },
    { at: 70, data: "shot2", first: true },
  ]);
  for (const lines of [[...readPage(cut), ...readPage(later)], readPage(`${cut}{"at":21,"da\n\n${later}`)]) {
    const history = new PageHistory(lines);
    expect(data(history, 20)).toEqual([false, "", "snap-"]);
    expect(history.to(40)).toMatchObject({ whole: false, seenBy: [] });
    expect(history.to(65)).toMatchObject({ whole: false, seenBy: ["jimin"] });
    expect(history.to(69)).toMatchObject({ whole: false, parts: [] });
    expect(history.to(70)).toMatchObject({ whole: true, parts: [{ data: "shot2" }] });
    expect(history.to(55)).toMatchObject({ whole: false, seenBy: ["jimin"] });
    expect(data(history, 70)).toEqual([true, "snap-", "shot2"]);
  }
});

test("a file that was full says so from then on", () => {
  const history = new PageHistory(readPage(file([...KEPT.slice(0, 4), { at: 0, end: "full" }])));
  expect(history.to(29).end).toBe("");
  expect(history.to(30)).toMatchObject({ end: "full", seenBy: [] });
});
