import { expect, test } from "vitest";
import type { Line } from "../../messages";
import { hits, placeOf, stepped } from "./find";

const line = (seq: number, text: string, more: Partial<Line> = {}) =>
  ({ seq, text, kind: "text", role: "user", change: "", ...more }) as Line;

test("words are found wherever the reader sees them, in any case", () => {
  const lines = [
    line(1, "Where is my Refund?"),
    line(2, "The **refund** is on its way. Refunds take 3 days."),
    line(3, "refund.pdf", { kind: "file" }),
    line(4, "환불은 언제 되나요?"),
  ];
  expect(hits(lines, " refund ")).toEqual([
    { seq: 1, nth: 0 },
    { seq: 2, nth: 0 },
    { seq: 2, nth: 1 },
    { seq: 3, nth: 0 },
  ]);
  expect(hits(lines, "환불".normalize("NFD"))).toEqual([{ seq: 4, nth: 0 }]);
});

test("marks of formatting and hidden lines are not found", () => {
  const lines = [
    line(1, "**bold** and `code`"),
    line(2, "a secret", { change: "retracted" }),
    line(3, "joined", { kind: "system", role: "system" }),
    line(4, "", { kind: "picture" }),
    line(5, "- one\n- two"),
  ];
  for (const query of ["*", "`", "secret", "joined", "one two", "onetwo", "", " "]) expect(hits(lines, query)).toEqual([]);
  expect(hits(lines, "bold and code")).toEqual([{ seq: 1, nth: 0 }]);
});

test("a search begins at the newest place and goes round", () => {
  const all = hits([line(1, "a a"), line(7, "a")], "a");
  expect(placeOf(all, null)).toBe(2);
  const steps = [stepped(all, null, -1)];
  for (let n = 0; n < 2; n++) steps.push(stepped(all, steps.at(-1) ?? null, -1));
  expect(steps).toEqual([
    { seq: 1, nth: 1 },
    { seq: 1, nth: 0 },
    { seq: 7, nth: 0 },
  ]);
  expect(stepped(all, { seq: 7, nth: 0 }, 1)).toEqual({ seq: 1, nth: 0 });
  expect(stepped([], null, 1)).toBeNull();
});

test("the place stays the same when older lines come, and moves to the newest when it goes", () => {
  const now = { seq: 7, nth: 0 };
  expect(placeOf(hits([line(1, "a"), line(7, "a"), line(9, "a")], "a"), now)).toBe(1);
  expect(placeOf(hits([line(1, "a"), line(7, "", { change: "retracted" }), line(9, "a")], "a"), now)).toBe(1);
});

test("a long conversation is searched in one pass", () => {
  const lines = Array.from({ length: 5000 }, (_, i) => line(i + 1, i % 2 ? "가격이 궁금해요" : `**${"a".repeat(200)}**`));
  expect(hits(lines, "가격")).toHaveLength(2500);
  expect(hits(lines, "a")).toHaveLength(500_000);
});
