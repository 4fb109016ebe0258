import { expect, test } from "vitest";
import { aLine, aSession } from "../testing";
import { CHANGE_MS, possible } from "./correct";

const mine = aLine(1, { author: "p1", at: 1000 });
const all = { reply: true, edit: true, retract: true };

test("one's own line can be changed for five minutes, and answered as long as one may write", () => {
  expect(possible(mine, aSession(), 1000 + CHANGE_MS, true)).toEqual(all);
  expect(possible(mine, aSession(), 1001 + CHANGE_MS, true)).toEqual({ reply: true, edit: false, retract: false });
  expect(possible(mine, aSession({ state: "after" }), 2000, false)).toEqual({ reply: false, edit: true, retract: true });
  expect(possible(mine, aSession({ state: "closed" }), 2000, false)).toEqual({ reply: false, edit: false, retract: false });
});

test("lines of others can be answered, pictures retracted, and retracted lines left alone", () => {
  expect(possible(aLine(2, { at: 1000 }), aSession(), 1000, true)).toEqual({ reply: true, edit: false, retract: false });
  expect(possible({ ...mine, kind: "picture" }, aSession(), 1000, true)).toEqual({ ...all, edit: false });
  expect(possible({ ...mine, change: "retracted" }, aSession(), 1000, true)).toEqual({
    reply: false,
    edit: false,
    retract: false,
  });
});
