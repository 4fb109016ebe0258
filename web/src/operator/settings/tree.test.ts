import { expect, test } from "vitest";
import type { CategorySettings } from "./api";
import { depth, inTree, moved, possibleParents, without } from "./tree";

const category = (id: string, parent = ""): CategorySettings => ({
  id,
  parent,
  names: {},
  priority: null,
  widens_s: null,
  form: null,
});
const all = [category("cameras"), category("lenses", "cameras"), category("audio"), category("zoom", "lenses")];
const ids = (found: CategorySettings[]) => found.map((one) => one.id);

test("the list shows each category below its parent", () => {
  expect(ids(inTree(all))).toEqual(["cameras", "lenses", "zoom", "audio"]);
  expect(all.map((one) => depth(all, one.id))).toEqual([0, 1, 0, 2]);
});

test("a category moves among its siblings only", () => {
  expect(ids(moved(all, "audio", -1))).toEqual(["audio", "lenses", "cameras", "zoom"]);
  expect(moved(all, "lenses", 1)).toBe(all);
});

test("nothing becomes its own ancestor", () => {
  expect(ids(possibleParents(all, "cameras"))).toEqual(["audio"]);
  expect(ids(possibleParents(all, "zoom"))).toEqual(["cameras", "lenses", "audio"]);
});

test("children of a removed category stay", () => {
  expect(without(all, "lenses").map((one) => [one.id, one.parent])).toEqual([
    ["cameras", ""],
    ["audio", ""],
    ["zoom", ""],
  ]);
});
