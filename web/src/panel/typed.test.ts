import { expect, it } from "vitest";
import { memoryBox } from "./storage";
import { keepTyped, loadTyped } from "./typed";

const TYPED = { name: "Mina", note: "Which lens?", form: { q1: "A-1042" } };
const EMPTY = { name: "", note: "", form: {} };

it("keeps what the visitor has typed, for the same site", () => {
  const box = memoryBox();
  keepTyped(TYPED, box, "shop", "cameras");
  expect(loadTyped(box, "shop", "cameras")).toEqual(TYPED);
  expect(loadTyped(box, "other", "cameras")).toEqual(EMPTY);
});

it("gives no answer of one form to the questions of another", () => {
  const box = memoryBox();
  keepTyped(TYPED, box, "shop", "cameras");
  expect(loadTyped(box, "shop", "audio")).toEqual({ ...TYPED, form: {} });
});

it("ignores what is damaged or of another version", () => {
  for (const kept of ["", "{", "null", "7", '{"site":"shop"}', '{"site":"shop","name":1,"note":"x"}']) {
    const box = memoryBox();
    box.setItem("sangdam.typed", kept);
    expect(loadTyped(box, "shop", "cameras")).toEqual(EMPTY);
  }
  const box = memoryBox();
  box.setItem("sangdam.typed", '{"site":"shop","category":"c","name":"","note":"x","form":{"a":1,"b":"y"}}');
  expect(loadTyped(box, "shop", "c").form).toEqual({ b: "y" });
});
