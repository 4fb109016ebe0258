import { expect, test } from "vitest";
import { dropped, readCarried, withPictures } from "./carried-pictures";

test("pictures of replies wait for the text of their own session", () => {
  let all = withPictures({}, "s-1", ["a", "b"], 3);
  all = withPictures(all, "s-2", ["a"], 3);
  all = withPictures(all, "s-1", ["b", "c", "d"], 3);
  expect(all).toEqual({ "s-1": ["a", "b", "c"], "s-2": ["a"] });
  expect(withPictures(all, "s-3", [], 3)).toBe(all);
  all = dropped(all, "s-1", "b");
  expect(dropped(all, "s-2", "a")).toEqual({ "s-1": ["a", "c"] });
  expect(dropped(all, "s-9", "a")).toEqual(all);
});

test("stored pictures are read again, and damaged ones forgotten", () => {
  expect(readCarried('{"s-1":["a"],"s-2":"a","s-3":[1]}')).toEqual({ "s-1": ["a"] });
  for (const stored of [null, "", "[", "null", "3"]) expect(readCarried(stored)).toEqual({});
});
