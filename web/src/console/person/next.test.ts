import { expect, test } from "vitest";
import { nextOf } from "./next";

test("the next older conversation is opened, one after the other", () => {
  const all = ["s-3", "s-2", "s-1"];
  expect(nextOf(all, [])).toEqual({ id: "s-3", left: 3 });
  expect(nextOf(all, [{ id: "s-2" }, { id: "s-3" }])).toEqual({ id: "s-1", left: 1 });
  expect(nextOf(["s-3"], [{ id: "s-3" }])).toBeNull();
  expect(nextOf([], [])).toBeNull();
});
