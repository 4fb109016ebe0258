import { expect, test } from "vitest";
import { grant, may, mayUse, parts } from "./rights";

test("a supervisor's page has no settings, and a counselor has only the console", () => {
  grant(["live.watch", "live.end", "past.read"], ["supervisor"]);
  expect(parts()).toEqual(["live", "past"]);
  expect(may("past.erase")).toBe(false);
  expect(mayUse("operator", ["account.own", "desk.work"])).toBe(false);
  expect(mayUse("console", ["account.own", "desk.work"])).toBe(true);
  expect(mayUse("console", ["live.watch"])).toBe(false);
});
