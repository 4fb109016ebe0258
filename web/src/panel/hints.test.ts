import { expect, it } from "vitest";
import { hintOf } from "./hints";

it("names what is missing, and how to mend it, in one line", () => {
  expect(hintOf("unknown_category", { site: "shop", category: "undefined" })).toContain("data-category");
  expect(hintOf("unknown_category", { site: "shop", category: "lenses" })).toContain("sangdam category add shop lenses");
  expect(hintOf("wrong_origin", { site: "shop", category: "lenses" })).toContain("sangdam site add shop --update --origin");
  expect(hintOf("network", { site: "shop", category: "lenses" })).toBe("");
});
